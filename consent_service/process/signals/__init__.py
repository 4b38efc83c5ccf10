"""How it begins with a school, and what cannot wait: first contact, what may be said by phone, care signals.

Whether a school may know any of it is decided by `records` at writing and by `release` at reading.
"""
