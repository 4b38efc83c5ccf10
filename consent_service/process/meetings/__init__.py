"""The driegesprek: parents, counsellor and school contact at one table, from proposal to follow-up.

One meeting is about one child and one school (S30). Who may read what was agreed is decided by `release`.
"""
