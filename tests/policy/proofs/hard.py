"""A condition that no solver settles in the time we give it."""

from __future__ import annotations

from typing import Final

HARD: Final = (
    "resource.yes * resource.yes * resource.yes + resource.holders * resource.holders * resource.holders"
    " - resource.excused * resource.excused * resource.excused == 42"
)
"""Three cubes that come to 42: the smallest such numbers have seventeen digits."""
