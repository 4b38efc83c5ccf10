"""What every event is made of: codes, who did it, and the base that gives an event its name."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

CODE_PATTERN = r"^[A-Za-z0-9_.:@/+-]{0,64}$"
"""What any text in an event must look like: a word without spaces, checked when it is appended."""
Code = Annotated[str, msgspec.Meta(pattern=CODE_PATTERN)]
"""A stable name or a hash; never a word somebody typed."""
Direction = Literal["s2c", "c2s", "both"]
"""Shelter to school, school to shelter, or both."""


class By(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who did it, by capacity and id."""

    kind: Literal[
        "guardian",
        "child",
        "counsellor",
        "school_staff",
        "privacy_coordinator",
        "fg",
        "operator",
        "client",
        "system",
    ]
    id: Code


class Happening(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type"
):
    """Base of all events; the tag is the event's name and version."""
