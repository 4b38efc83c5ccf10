"""What every package stands on: errors, ids, time, the database, settings and translation.

Knows nothing of consent, schools or keys; those live in the packages above.
"""
