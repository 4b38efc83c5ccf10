"""Proofs about policies: what no bundle may ever allow, and what a new bundle allows beyond the old one.

Policies become terms (`encoding`) about one symbolic request (`situation`), and a solver (`terms`) looks
for a request that should not be. What it finds is judged by the real engine before anybody is told. What
cannot be encoded or decided in time is not proved, which counts as a failure. Cases that a person wrote
are `policy.coverage`; whether those cases notice a change is `policy.mutation`.
"""
