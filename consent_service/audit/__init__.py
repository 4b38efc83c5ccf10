"""The audit log: who did what, for whom, when and why, provable to outsiders and still erasable.

Everything that happens is an event (`events`), written in the transaction of the act itself
(`log`), put in order and signed by one sequencer (`sequencer`) and recomputed by `verify`. Personal
content never enters a leaf: it lies sealed in a deletable table (`details`). What an act *means* is
handled by the packages above, which call `AuditLog.append`.
"""
