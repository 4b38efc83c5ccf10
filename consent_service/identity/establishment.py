"""At which school somebody is, by what the login provider says of it; pure.

A BRIN has four characters (two digits, two letters); with two digits more it is the establishment code of one
location. Which claims hold them is `identity.claims`; which school a member of staff was registered for is
copied to the link when it is made (`identity.links`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_SPACING = re.compile(r"[\s-]")
_ESTABLISHMENT = re.compile(r"[0-9]{2}[A-Z]{2}[0-9]{2}")
_SCHOOL = re.compile(r"[0-9]{2}[A-Z]{2}([0-9]{2})?")
_BRIN = 4


def normalised_establishment_code(entered: str) -> str:
    """Capitals, no spaces or dashes: `12ab 00` is `12AB00`."""
    return _SPACING.sub("", entered).upper()


def schools_in(told: Iterable[str]) -> frozenset[str]:
    """The BRINs and establishment codes among what was told, as they are compared."""
    return frozenset(code for code in map(normalised_establishment_code, told) if _SCHOOL.fullmatch(code))


def works_at(establishment: str, told: Collection[str]) -> bool:
    """Whether a login that tells these codes is of somebody at the school with this establishment code.

    The code itself says so. A BRIN of four says so of each of its locations, unless the login also names
    locations of that BRIN: then only of those. A school whose code is not known matches nothing.
    """
    if _ESTABLISHMENT.fullmatch(establishment) is None:
        return False
    if establishment in told:
        return True
    brin = establishment[:_BRIN]
    return brin in told and not any(len(code) > _BRIN and code.startswith(brin) for code in told)
