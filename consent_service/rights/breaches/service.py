"""See a breach, ask the log, weigh the risk, decide to report, and close it (AVG 33).

The privacy coordinator decides; the FG sees the same and presses nothing. Letters are `letters`, the file
for the authority is `reporting`.
"""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import TenantId
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.breaches.examining import BreachExamining, BreachView
from consent_service.rights.breaches.model import (
    REFERENCE,
    Breach,
    Consequence,
    LateReason,
    Measure,
    UnreportedGround,
    Untold,
    check_words,
)
from consent_service.rights.breaches.people import open_people
from consent_service.rights.breaches.risk import (
    Level,
    LowerGround,
    check_weighed,
)
from consent_service.rights.breaches.rows import (
    Numbers,
    count_letters,
    read_affected_families,
)
from consent_service.rights.breaches.words import check_nobody_named, open_words, seal_words


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happened and what was done, for the register and the authority."""

    nature: str
    measures_note: str = ""
    measures: tuple[Measure, ...] = ()
    consequences: tuple[Consequence, ...] = ()


class Reported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That it was reported to the authority, when, and its number there; late with the reason."""

    at: datetime
    reference: str
    late_reason: LateReason | None = None
    late_note: str = ""


class BreachService(BreachExamining):
    """The breaches of one shelter."""

    # --- weighing and deciding ---------------------------------------------------------------

    async def weigh(
        self, actor: PrivacyCoordinator, breach: str, level: Level, ground: LowerGround | None = None
    ) -> None:
        """Another level than what follows by itself; a secret address stays high.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such breach here.
            ConflictError: it has ended.
            InputError: lower without a ground, or what is fixed; or nobody asked the log yet.
        """
        async with self._acting(actor, breach) as (conn, one, row):
            seen = await self._view(conn, actor.tenant, row)
            problems = check_weighed(seen.risk, level, ground)
            if not seen.exams:
                problems.append(Problem("level", "breach.examine_first"))
            if problems:
                raise InputError(problems)
            await self._move(conn, actor, one, "weigh", {"level": level, "level_ground": ground}, level)

    async def describe(self, actor: PrivacyCoordinator, breach: str, said: Description) -> None:
        """What happened, what it may lead to, and what was done: the words are sealed.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such breach here.
            ConflictError: it has ended.
            InputError: every problem at once: too long, unknown, or somebody is named in it.
        """
        async with self._acting(actor, breach) as (conn, one, row):
            words = {"nature": said.nature, "measures_note": said.measures_note}
            problems = check_words(words, required=("nature",))
            problems += check_nobody_named(words, await self._names(conn, actor.tenant, breach))
            for field, chosen, known in (
                ("measures", said.measures, get_args(Measure)),
                ("consequences", said.consequences, get_args(Consequence)),
            ):
                if not set(chosen) <= set(known):
                    problems.append(Problem(field, "form.choose"))
            if "none" in said.consequences and len(set(said.consequences)) > 1:
                problems.append(Problem("consequences", "breach.none_alone"))
            if problems:
                raise InputError(problems)
            kept = await open_words(conn, self._ring, actor.tenant, breach, row.sealed)
            change = {
                "sealed": await seal_words(conn, self._ring, actor.tenant, breach, kept | words),
                "measures": " ".join(said.measures),
                "consequences": " ".join(said.consequences),
            }
            await self._move(conn, actor, one, "describe", change)

    async def report(self, actor: PrivacyCoordinator, breach: str, done: Reported) -> None:
        """It was reported to the authority; after 72 hours with the reason for it (AVG 33(1)).

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such breach here.
            ConflictError: it was decided already.
            InputError: every problem at once.
        """
        async with self._acting(actor, breach) as (conn, one, row):
            seen = await self._view(conn, actor.tenant, row)
            problems = self._check_reported(one, seen, done)
            words = {"late_note": done.late_note}
            problems += [*check_words(words), *check_nobody_named(words)]
            if problems:
                raise InputError(problems)
            late = done.at > one.due_at
            kept = dict(seen.words) | (words if late else {})
            change = {
                "sealed": await seal_words(conn, self._ring, actor.tenant, breach, kept),
                "reported_at": done.at,
                "reference": done.reference.strip() or None,
                "late_reason": done.late_reason if late else None,
                **self._decided(actor, seen.numbers),
            }
            await self._move(conn, actor, one, "report", change, done.late_reason or "" if late else "")

    async def leave_unreported(
        self, actor: PrivacyCoordinator, breach: str, ground: UnreportedGround
    ) -> None:
        """A risk is unlikely: it is not reported, and the ground stays in the register (AVG 33(1), 33(5)).

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such breach here.
            ConflictError: it was decided already.
            InputError: no ground; there is a risk; or nobody asked the log yet.
        """
        async with self._acting(actor, breach) as (conn, one, row):
            seen = await self._view(conn, actor.tenant, row)
            problems = (
                []
                if ground in get_args(UnreportedGround)
                else [Problem("unreported_ground", "breach.choose_unreported")]
            )
            if not seen.exams:
                problems.append(Problem("unreported_ground", "breach.examine_first"))
            elif seen.level != "unlikely":
                problems.append(Problem("unreported_ground", "breach.there_is_a_risk"))
            if problems:
                raise InputError(problems)
            change = {"unreported_ground": ground, **self._decided(actor, seen.numbers)}
            await self._move(conn, actor, one, "leave_unreported", change, ground)

    async def look_again(self, actor: PrivacyCoordinator, breach: str) -> None:
        """Something new came up about one that was not reported: the same clock still counts.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such breach here.
            ConflictError: it was reported, or has ended.
        """
        async with self._acting(actor, breach) as (conn, one, _):
            change = {"unreported_ground": None, "decided_by": None, "decided_at": None}
            await self._move(conn, actor, one, "look_again", change)

    # --- ending ------------------------------------------------------------------------------

    async def tell(self, actor: PrivacyCoordinator, breach: str, *, untold: Untold | None = None) -> None:
        """Everybody was told, or not on a ground each (AVG 34). `untold`: the law asks it of nobody.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such breach here.
            ConflictError: it was not reported, or it has ended.
            InputError: letters wait; or the ground does not fit.
        """
        async with self._acting(actor, breach) as (conn, one, row):
            seen = await self._view(conn, actor.tenant, row)
            problems = _check_told(
                seen, untold, unlettered=await self._unlettered(conn, actor.tenant, breach)
            )
            if problems:
                raise InputError(problems)
            await self._move(conn, actor, one, "tell", {"untold": untold}, untold or "")

    async def close(self, actor: PrivacyCoordinator, breach: str) -> None:
        """Nothing is left to do; the breach stays in the register (AVG 33(5)).

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such breach here.
            ConflictError: it was not decided, or has ended.
            InputError: the risk is high and nobody was told.
        """
        async with self._acting(actor, breach) as (conn, one, row):
            seen = await self._view(conn, actor.tenant, row)
            if one.state == "reported" and seen.level == "high":
                raise InputError([Problem("close", "breach.tell_first")])
            await self._move(conn, actor, one, "close", {"closed_at": self._clock.now()})

    async def check_words_of(self, tenant: TenantId, seen: BreachView) -> list[Problem]:
        """What keeps the words of a breach from leaving: nothing was written, or somebody is in them.

        Looked at again, because more people may have been found since they were written.
        """
        problems = check_words(seen.words, required=("nature",))
        async with self._database.reading() as conn:
            names = await self._names(conn, tenant, seen.breach.breach)
        return problems + check_nobody_named(seen.words, names)

    # --- parts -------------------------------------------------------------------------------

    async def _names(self, conn: AsyncConnection, tenant: TenantId, breach: str) -> list[str]:
        families = await read_affected_families(conn, tenant, breach)
        opened = await open_people(conn, self._ring, tenant, families)
        return [one.identity.full_name for one in opened.values()]

    async def _unlettered(self, conn: AsyncConnection, tenant: TenantId, breach: str) -> bool:
        """Whether there are people, and no letter was put ready for any of them."""
        letters = await count_letters(conn, tenant, breach)
        return not letters and bool(await read_affected_families(conn, tenant, breach, limit=1))

    def _check_reported(self, one: Breach, seen: BreachView, done: Reported) -> list[Problem]:
        problems = [] if seen.exams else [Problem("reported_on", "breach.examine_first")]
        if not seen.words.get("nature"):
            problems.append(Problem("reported_on", "breach.describe_first"))
        if done.at > self._clock.now():
            problems.append(Problem("reported_on", "date_future"))
        elif done.at < one.discovered_at:
            problems.append(Problem("reported_on", "breach.before_it_was_known"))
        elif done.at > one.due_at and done.late_reason not in get_args(LateReason):
            problems.append(Problem("late_reason", "breach.late_needs_reason"))
        if not REFERENCE.fullmatch(done.reference):
            problems.append(Problem("reference", "breach.reference_form"))
        return problems

    def _decided(self, actor: PrivacyCoordinator, numbers: Numbers) -> dict[str, object]:
        """Who decided, and the numbers of that moment: people may be erased later."""
        return {
            "decided_by": actor.staff,
            "decided_at": self._clock.now(),
            "families": numbers.families,
            "children": numbers.children,
            "guardians": numbers.guardians,
        }


def _check_told(seen: BreachView, untold: Untold | None, *, unlettered: bool) -> list[Problem]:
    if untold is not None:
        fits = {"unreadable": "unreadable" in seen.risk.reasons, "risk_gone": not seen.risk.fixed}
        return [] if fits.get(untold, False) else [Problem("untold", "breach.must_be_told")]
    if unlettered:
        return [Problem("untold", "breach.no_letters_yet")]
    return [Problem("untold", "breach.letters_wait")] if seen.letters[2] else []
