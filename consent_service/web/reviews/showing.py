"""Answers and samples in the officer's words: staff by name, people of a family by number only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from consent_service.audit.describing import SHOWN_OF_ID
from consent_service.audit.events import By
from consent_service.audit.log import TrailEntry
from consent_service.audit.proof_states import ProofState
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import EntryId
from consent_service.organisations.model import StaffMember
from consent_service.rights.reviews.answering import Answer, AnswerLine
from consent_service.rights.reviews.judging import MAY_FOLLOW, DrawnEntry, SampleLine
from consent_service.rights.reviews.saved import Kept
from consent_service.web.components import Option
from consent_service.web.officer.room import home
from consent_service.web.officer.wording import LogWords
from consent_service.web.reviews.views import AnswerRow, DayBar, DrawnRow, EntryLink, SampleRow
from consent_service.web.reviews.words import FINDINGS, PROOF_TONES, PROOFS, STRATA, TONES, VERDICTS
from consent_service.web.visit import Officer, Visit
from consent_service.web.vocabulary import PURPOSES, ROLES

HERE: Final = "steekproef"
_TALLEST: Final = 20


class Showing:
    """For one visit: the names of staff and schools of this shelter, and the words of its language."""

    def __init__(
        self, visit: Visit, actor: Officer, members: Mapping[str, StaffMember], schools: Mapping[str, str]
    ) -> None:
        self._actor = actor
        self._members = members
        self._schools = schools
        self._said = translator(visit.language)
        self._log = LogWords(visit.services.texts.of(visit.language))

    @classmethod
    async def of(cls, visit: Visit, actor: Officer) -> Showing:
        """With everybody who works or worked here."""
        members = await visit.services.questions.staff(actor)
        schools = await visit.services.organisations.schools(actor.tenant)
        return cls(
            visit,
            actor,
            {one.staff: one for one in members},
            {one.school: one.name for one in schools},
        )

    # --- questions ---------------------------------------------------------------------------

    def staff_options(self) -> tuple[Option, ...]:
        """Everybody, by name and where they work, sorted by name."""
        found = [
            Option(one.staff, f"{one.name}, {self.organisation(By('school_staff', one.staff))}")
            for one in self._members.values()
        ]
        return tuple(sorted(found, key=lambda one: one.label.casefold()))

    def about(self, kept: Kept) -> str:
        """Whom a question is about; empty where it is about everything."""
        if kept.staff is not None:
            return self.who(By("school_staff", kept.staff))
        return "" if kept.person is None else self.person(kept.person)

    def person(self, number: str) -> str:
        """Somebody of a family, by number."""
        return self._said.text(N_("Persoon {number}"), number=number[-SHOWN_OF_ID:])

    def of_family(self, kind: str, number: str) -> str:
        """A child or guardian, by capacity and number."""
        return self._log.by(By("child" if kind == "child" else "guardian", number))

    def who(self, by: By) -> str:
        """A member of staff by name; anybody else by capacity and number."""
        member = self._members.get(by.id)
        return self._log.by(by) if member is None else member.name

    def organisation(self, by: By) -> str:
        """Where a member of staff works; empty for who is no staff."""
        member = self._members.get(by.id)
        if member is None:
            return ""
        if member.school is None:
            return self._said.text(N_("De opvang zelf"))
        return self._schools.get(member.school, "")

    def rows(self, answer: Answer) -> tuple[AnswerRow, ...]:
        """The lines of a part of an answer."""
        return tuple(self._row(one) for one in answer.lines)

    def _row(self, one: AnswerLine) -> AnswerRow:
        return AnswerRow(
            day=one.day,
            first=one.first,
            last=one.last if len(one.entries) > 1 else None,
            who=self.who(one.by),
            organisation=self.organisation(one.by),
            role=self._said.text(ROLES[one.role]) if one.role in ROLES else "",
            what=self._log.name(one.kind) or self._log.sentence(one.entries[0]),
            purpose=self._said.text(PURPOSES[one.purpose]) if one.purpose in PURPOSES else "",
            types=", ".join(self._log.type_label(kind) for kind in one.types),
            count=len(one.entries),
            entries=tuple(
                self.entry(entry, proof) for entry, proof in zip(one.entries, one.proofs, strict=True)
            ),
        )

    def entry(self, entry: TrailEntry, proof: ProofState) -> EntryLink:
        """The way to an entry and its proof."""
        proved, tone = self._said.text(PROOFS[proof]), PROOF_TONES[proof]
        return EntryLink(home(self._actor, "regels", entry.id), self._log.number(entry), proved, tone)

    # --- samples -----------------------------------------------------------------------------

    def sample(self, one: SampleLine, today: date) -> SampleRow:
        """One week of an officer."""
        return SampleRow(
            href=home(self._actor, HERE, one.sample),
            officer=self.who(By("fg", one.officer)),
            own=one.officer == self._actor.staff,
            week=one.week,
            due=one.due_on,
            drawn=one.drawn,
            waiting=one.waiting,
            asked=one.asked,
            wrong=one.wrong,
            late=one.is_open and one.due_on < today,
        )

    def drawn(self, sample: SampleLine, one: DrawnEntry) -> DrawnRow:
        """One entry that was drawn; the forms only for whose sample it is, while something can be said."""
        mine = sample.officer == self._actor.staff and bool(MAY_FOLLOW[one.verdict])
        judge = home(self._actor, HERE, sample.sample, "regels", one.entry.id) if mine else ""
        found = [words for code, words in FINDINGS.items() if code == one.finding]
        return DrawnRow(
            entry_href=home(self._actor, "regels", one.entry.id),
            number=self._log.number(one.entry),
            at=one.entry.at,
            sentence=self._log.sentence(one.entry),
            actor=self._log.actor(one.entry),
            stratum=self._said.text(STRATA[one.stratum]),
            proof=self._said.text(PROOFS[one.proof]),
            verdict=self._said.text(VERDICTS[one.verdict]) if one.verdict else "",
            tone=TONES[one.verdict],
            finding=self._said.text(found[0]) if found else "",
            note=one.note,
            judge_href=judge,
            quick_action=judge,
        )

    def finding(self, code: str) -> str:
        """What was found, in words."""
        return next((self._said.text(words) for known, words in FINDINGS.items() if known == code), code)


def bars(answer: Answer) -> tuple[DayBar, ...]:
    """How many there were on each day that has any; the tallest bar is the most."""
    most = max((count for _, count in answer.days), default=1)
    return tuple(DayBar(day, count, max(1, _TALLEST * count // most)) for day, count in answer.days)


def by_id(entries: tuple[DrawnEntry, ...], entry: EntryId) -> DrawnEntry | None:
    """The entry of a sample with this id."""
    return next((one for one in entries if one.entry.id == entry), None)
