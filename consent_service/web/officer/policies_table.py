"""The table of who may ever get what, as a page: for one purpose the roles, or for one role the purposes.

What a cell holds is `policy.matrix`; it is computed and kept by `policies_keeping`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, get_args

import msgspec

from consent_service.foundation.i18n import N_
from consent_service.information.model import Purpose
from consent_service.policy.facts import Action, Basis, ReaderKind
from consent_service.policy.matrix import ROLES, Cell, Column, Say, Stop, Way
from consent_service.web.components import Option
from consent_service.web.forms import FormState
from consent_service.web.officer.policies_showing import TABLE, RuleShowing
from consent_service.web.officer.policies_views import MatrixCell, MatrixPage, MatrixRow, State
from consent_service.web.officer.policies_words import RuleWords

_FIRST: Final[Purpose] = "support"
SAYS: Final[Mapping[Say, str]] = {
    "one_holder": N_("een ouder"),
    "all_holders": N_("alle ouders"),
    "own_guardian": N_("de ouder zelf"),
    "child": N_("het kind"),
}
STOPS: Final[Mapping[Stop, str]] = {
    "danger": N_("gevaar"),
    "not_assessed": N_("veiligheid niet beoordeeld"),
    "secret_address": N_("geheim adres"),
    "one_person": N_("maar één beslisser"),
    "second_approval": N_("geen tweede goedkeuring"),
    "gate_closed": N_("nee op de eerste vraag"),
    "authority_unknown": N_("gezag onbekend"),
    "objection": N_("bezwaar van een ouder"),
    "child_no": N_("nee van het kind"),
}
SIGNS: Final[Mapping[State, str]] = {"can": "✓", "emergency": "!", "preview": "i", "never": "–"}
STATES: Final[Mapping[State, str]] = {
    "can": N_("kan, met het ja van wie erbij staat"),
    "emergency": N_("kan, alleen wat in nood nodig is"),
    "preview": N_("alleen zien dát het gedeeld wordt"),
    "never": N_("nooit"),
}
_SHORT: Final[Mapping[State, str]] = {
    "can": N_("kan"),
    "emergency": N_("kan"),
    "preview": N_("alleen zien"),
    "never": N_("nooit"),
}
"""In a cell, where nobody has to say yes or nothing can be."""
_OLDER: Final = N_("pas als het kind meebeslist")


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the table: one purpose or one role, what is done and on which ground."""

    purpose: Purpose | None
    role: tuple[ReaderKind, str] | None
    action: Action
    basis: Basis

    def columns(self) -> tuple[Column, ...]:
        """All roles for the purpose, or all purposes for the role."""
        roles = ROLES if self.role is None else (self.role,)
        purposes = get_args(Purpose) if self.purpose is None else (self.purpose,)
        return tuple(
            Column(kind, role, self.action, self.basis, purpose)
            for purpose in purposes
            for kind, role in roles
        )


def wanted_of(show: str, action: str, basis: str) -> Wanted:
    """What the address asks for; anything it does not know is the first choice."""
    roles = {f"{kind}.{role}": (kind, role) for kind, role in ROLES}
    purposes: dict[str, Purpose] = {purpose: purpose for purpose in get_args(Purpose)}
    actions: dict[str, Action] = {one: one for one in get_args(Action)}
    bases: dict[str, Basis] = {one: one for one in get_args(Basis)}
    role = roles.get(show)
    return Wanted(
        purpose=None if role else purposes.get(show, _FIRST),
        role=role,
        action=actions.get(action, "release"),
        basis=bases.get(basis, "consent"),
    )


def matrix_page(
    wanted: Wanted, cells: Sequence[Sequence[Cell]], showing: RuleShowing, *, here: str
) -> MatrixPage:
    """The table with a row per subject and way; what no column can ever have is only named."""
    words = showing.words
    rows = list(zip(*cells, strict=True))
    show = wanted.purpose or ".".join(wanted.role or ())
    return MatrixPage(
        tabs=showing.tabs(TABLE),
        here=here,
        caption=". ".join((_caption(wanted, words), words.action(wanted.action), words.basis(wanted.basis))),
        columns=tuple(_column_names(wanted, words)),
        rows=tuple(_row(row, words) for row in rows if any(cell.ever for cell in row)),
        never=tuple(_never(rows, words)),
        legend=tuple(
            MatrixCell(state, sign, words.said.text(STATES[state])) for state, sign in SIGNS.items()
        ),
        shows=tuple(_shows(words)),
        actions=tuple(Option(one, words.action(one)) for one in get_args(Action)),
        bases=tuple(Option(one, words.basis(one)) for one in get_args(Basis)),
        form=FormState.prefilled({"show": show, "action": wanted.action, "basis": wanted.basis}),
    )


def _caption(wanted: Wanted, words: RuleWords) -> str:
    if wanted.purpose is not None:
        return words.said.text(N_("Doel: {purpose}"), purpose=words.purpose(wanted.purpose))
    kind, role = wanted.role or ROLES[0]
    return words.reader(kind, role)


def _column_names(wanted: Wanted, words: RuleWords) -> Iterator[str]:
    for column in wanted.columns():
        yield words.role(column.role) if wanted.role is None else words.purpose(column.purpose)


def _row(cells: Sequence[Cell], words: RuleWords) -> MatrixRow:
    """One subject, with what stops it for a young child in every cell; what more does stands in the cell."""
    ways = [cell.young for cell in cells if cell.young is not None]
    stops = frozenset.intersection(*(way.stops for way in ways)) if ways else frozenset()
    return MatrixRow(
        label=words.type_label(cells[0].type),
        way=words.way(cells[0].direction),
        cells=tuple(_cell(cell, stops, words) for cell in cells),
        stops=_stops(stops, words),
        goes_on=_stops(_not_in_emergency(cells), words),
    )


def _not_in_emergency(cells: Sequence[Cell]) -> frozenset[Stop]:
    """What stops the whole subject and not what is needed in an emergency, wherever the latter exists."""
    pairs = [(cell.young, cell.young_emergency) for cell in cells]
    waived = [whole.stops - urgent.stops for whole, urgent in pairs if whole and urgent]
    return frozenset.intersection(*waived) if waived else frozenset()


def _stops(stops: frozenset[Stop], words: RuleWords) -> str:
    return ", ".join(words.said.text(said) for stop, said in STOPS.items() if stop in stops)


def _never(rows: Sequence[Sequence[Cell]], words: RuleWords) -> Iterator[str]:
    """Subjects that in no direction have a row."""
    shown = {row[0].type for row in rows if any(cell.ever for cell in row)}
    yield from dict.fromkeys(words.type_label(row[0].type) for row in rows if row[0].type not in shown)


def _cell(cell: Cell, stops: frozenset[Stop], words: RuleWords) -> MatrixCell:
    """Whose yes is enough for a young child, and what stops it here beside what stops the whole row."""
    way = cell.young
    if way is None:
        said = words.said.text(_OLDER if cell.ever else _SHORT["never"])
        return MatrixCell("never", SIGNS["never"], said, only_older=cell.ever)
    state: State = "preview" if cell.preview_only else "emergency" if way.emergency else "can"
    told = "" if state == "preview" else " / ".join(dict.fromkeys(_whose(way, words)))
    more = _stops(way.stops - stops, words)
    return MatrixCell(state, SIGNS[state], told or words.said.text(_SHORT[state]), stops=more)


def _whose(way: Way, words: RuleWords) -> Iterator[str]:
    for says in way.says:
        yield " + ".join(words.said.text(SAYS[say]) for say in get_args(Say) if say in says)


def _shows(words: RuleWords) -> Iterator[Option]:
    for purpose in get_args(Purpose):
        told = words.said.text(N_("Doel: {purpose}"), purpose=words.purpose(purpose))
        yield Option(purpose, told)
    for kind, role in ROLES:
        yield Option(f"{kind}.{role}", words.reader(kind, role))
