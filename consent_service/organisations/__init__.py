"""Shelters (tenants), schools, the agreements between them, their staff and who works with whom.

Children and parents are `families`; who may log in as whom is `identity`.
"""
