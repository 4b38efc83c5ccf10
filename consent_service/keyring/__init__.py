"""What a key is, who wraps it, and how bytes are sealed and opened under it.

Root generation (key provider, outside the database) wraps tenant keys; a tenant's data key wraps
one random key per relationship (child x school) and one per person. What happens to keys over time
(epochs, destruction, recovery) is `custody`. Which plaintext belongs under which key is decided by
the packages that own the data.
"""
