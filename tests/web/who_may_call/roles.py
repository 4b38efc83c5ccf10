"""Every role there is, and how a row of a table is written: who gets which status.

An empty form is answered 400, an id that is nowhere 404: whoever gets there is let in. What is not for
somebody is 401 for who is not logged in for it, 303 to the PIN page at a lent tablet, and else 404,
as if it were not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

Role = Literal[
    "nobody",
    "guardian",
    "guardian of another family",
    "child",
    "young child",
    "guardian at home",
    "child at home",
    "locked counsellor",
    "locked guardian",
    "counsellor",
    "colleague",
    "counsellor elsewhere",
    "contact",
    "teacher",
    "contact of another school",
    "contact elsewhere",
    "coordinator",
    "fg",
    "coordinator elsewhere",
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
AT_THE_TABLET: Final[tuple[Role, ...]] = ROLES[1:5]
AT_HOME: Final[tuple[Role, ...]] = ROLES[5:7]
LOCKED: Final[tuple[Role, ...]] = ROLES[7:9]
STAFF: Final[tuple[Role, ...]] = ROLES[9:]
WHO: Final = """\
Nobody logged in. At a lent tablet: a guardian, one of another family, a child of fourteen and one of
eight. At home on the own page: a guardian and a child of fourteen. Screens that locked themselves: a
counsellor's own, and one lent to a guardian. A counsellor with the family, one of the same shelter who is
not with it, one of another shelter. A contact of the child; of that school, but not on the list; of another
school; of another shelter. Officers of this shelter and of another."""
Row = Mapping[Role, int]


def everybody(status: int, but: Row | None = None) -> Row:
    """One answer for all, `but` for some."""
    return {**dict.fromkeys(ROLES, status), **(but or {})}


def staff_only(those: Row) -> Row:
    """A page of staff: nobody else gets further than a login, the PIN or nothing at all."""
    return {
        **everybody(404),
        "nobody": 401,
        **dict.fromkeys((*AT_THE_TABLET, *LOCKED), 303),
        **those,
    }


def shelter(counsellor: int, *, colleague: int = 404) -> Row:
    """A page of the shelter; `colleague`: also without being with the family."""
    return staff_only({"counsellor": counsellor, "colleague": colleague})


def school(contact: int, *, unlisted: int = 404) -> Row:
    """A page of the school; `unlisted`: also for who is on no list of this child."""
    return staff_only({"contact": contact, "teacher": unlisted, "contact of another school": unlisted})


def officers(both: int) -> Row:
    """A page of the privacy coordinator and the FG."""
    return staff_only({"coordinator": both, "fg": both})


def coordinator(status: int) -> Row:
    """What the privacy coordinator does and the FG may not."""
    return staff_only({"coordinator": status, "fg": 403})


def tablet(guardian: int, *, other: int | None = None, child: int = 404, young: int | None = None) -> Row:
    """A page at a lent tablet: the guardian's own sitting, an `other` guardian, a `child` of either age."""
    return everybody(
        401,
        {
            "guardian": guardian,
            "guardian of another family": 404 if other is None else other,
            "child": child,
            "young child": child if young is None else young,
            **dict.fromkeys(LOCKED, 303),
        },
    )


def own_page(status: int) -> Row:
    """The own page needs its own login; nobody's other session opens it, a lent tablet neither."""
    return everybody(401, {**dict.fromkeys(AT_HOME, status), **dict.fromkeys(LOCKED, 303)})
