"""What the authority is told (AVG 33(3)): one file and one page, with numbers, and nobody's name.

It is made again each time, of the register as it stands; filing it at the authority is done by a person.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import msgspec

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError
from consent_service.foundation.ids import TypeKey
from consent_service.identity.model import by
from consent_service.information.model import Catalogue
from consent_service.organisations.looking import tenant_in
from consent_service.rights.breaches.examining import BreachView
from consent_service.rights.breaches.model import Breach, BreachKind, Consequence, LateReason, Measure
from consent_service.rights.breaches.register import Officer
from consent_service.rights.breaches.risk import Level, Reason
from consent_service.rights.breaches.service import BreachService

FORMAT: Final = "ruggensteun.datalek/1"


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where more can be asked (AVG 33(3)(b)): the organisation, by its own telephone number."""

    organisation: str
    phone: str


class Subjects(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Categories and approximate numbers of people (AVG 33(3)(a)). `certain`: shown, by the log.

    `erased`: in a leaked backup, of whom nothing is known any more.
    """

    families: int
    children: int
    guardians: int
    certain: int
    erased: int


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One category of data, and whether it is an ordinary or a special one (AVG 9, 10)."""

    type: str
    level: str


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the people were told (AVG 34): how many letters were given, not given, and wait."""

    given: int
    withheld: int
    waiting: int
    ground_for_none: str


class BreachReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The report. Every field of AVG 33(3), codes in English and the organisation's own words in Dutch."""

    format: Literal["ruggensteun.datalek/1"] = FORMAT
    number: str
    made_at: datetime
    kind: BreachKind
    nature: str
    happened_from: date | None
    happened_until: date | None
    discovered_at: datetime
    report_due_at: datetime
    reported_at: datetime | None
    reference: str
    late_reason: LateReason | None
    late_note: str
    subjects: Subjects
    records: int
    categories: tuple[Category, ...]
    risk: Level
    risk_reasons: tuple[Reason, ...]
    consequences: tuple[Consequence, ...]
    measures: tuple[Measure, ...]
    measures_note: str
    told: Told
    contact: Contact


class BreachReporting:
    """Makes the report."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        breaches: BreachService,
        catalogue: Catalogue,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._breaches = breaches
        self._catalogue = catalogue

    async def make(self, actor: Officer, breach: str) -> BreachReport:
        """The report as it stands now; that it was made is an entry.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: no such breach here.
            InputError: nothing was described yet, or somebody it is about is named in the words.
        """
        seen = await self._breaches.view(actor, breach)
        problems = await self._breaches.check_words_of(actor.tenant, seen)
        if problems:
            raise InputError(problems)
        async with self._database.transaction() as conn:
            tenant = await tenant_in(conn, actor.tenant)
            event = events.BreachMoved(breach, "export")
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)
        return self._report(seen, Contact(tenant.name, tenant.phone))

    def _report(self, seen: BreachView, contact: Contact) -> BreachReport:
        one, numbers = seen.breach, seen.numbers
        given, withheld, waiting = seen.letters
        return BreachReport(
            number=one.breach,
            made_at=self._clock.now(),
            kind=one.kind,
            nature=seen.words.get("nature", ""),
            happened_from=one.happened_from,
            happened_until=one.happened_until,
            discovered_at=one.discovered_at,
            report_due_at=one.due_at,
            reported_at=one.reported_at,
            reference=one.reference or "",
            late_reason=one.late_reason,
            late_note=seen.words.get("late_note", ""),
            subjects=Subjects(*_people(one, seen), numbers.certain, numbers.erased),
            records=numbers.records,
            categories=self._categories(seen),
            risk=seen.level,
            risk_reasons=seen.risk.reasons,
            consequences=one.consequences,
            measures=one.measures,
            measures_note=seen.words.get("measures_note", ""),
            told=Told(given, withheld, waiting, one.untold or ""),
            contact=contact,
        )

    def _categories(self, seen: BreachView) -> tuple[Category, ...]:
        known = self._catalogue.types
        found = sorted({TypeKey(one) for exam in seen.exams for one in exam.types})
        named = [Category(one, known[one].level) for one in found if one in known]
        return (Category("identity", "O"), *named)


def _people(one: Breach, seen: BreachView) -> tuple[int, int, int]:
    """The larger of what was counted when it was decided and now: who was erased since still counts."""
    now = seen.numbers
    return (
        max(one.families or 0, now.families),
        max(one.children or 0, now.children),
        max(one.guardians or 0, now.guardians),
    )


def to_json(report: BreachReport) -> bytes:
    """The file: indented, so that a person can read it too."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
