"""Children, guardians, who holds authority, how safe it is, and which child is at which school.

Names, dates and contact data are sealed under each person's own key. What parents allow is `consent`.
"""
