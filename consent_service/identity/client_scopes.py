"""For what a machine client may ask: a closed list. None of it says a thing about a child or a parent.

What a scope opens is a condition in the permission table (`identity.permissions`).
"""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """RFC 6749 section 3.3; in the order in which they are written."""

    LOG = "log:read"
    """The heads and the entries of the shelter's own logs, as they stand in them: an auditor's system."""
    SCHOOLS = "schools:read"
    """The schools with which the shelter has an agreement: ids, codes and names of organisations."""
