"""The story as a table of steps, and telling it: each step with its outcome, the first difference ends it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from consent_service.demo.running import running
from consent_service.demo.state import make, settings_of
from consent_service.demo.story import engines, erasure, intake, proof, rules, sharing
from consent_service.demo.story.outcome import DifferentError, Outcome
from consent_service.demo.story.stage import Stage
from consent_service.demo.story.visitor import Visitor
from consent_service.foundation.clock import Clock, SystemClock
from consent_service.foundation.i18n import N_
from consent_service.foundation.settings import Settings
from consent_service.web.serving import any_free_port

Say = Callable[[str], None]
Translate = Callable[..., str]


class Step(msgspec.Struct, frozen=True):
    """One step: what happens, and how."""

    title: str
    act: Callable[[Stage], Awaitable[Outcome]]


WHILE_SERVING: Final = (
    Step(N_("De begeleider logt in"), intake.counsellor_logs_in),
    Step(N_("Een gezin wordt ingeschreven"), intake.family_is_registered),
    Step(N_("Eerst de veiligheid"), intake.safety_comes_first),
    Step(N_("De school wordt bevestigd"), intake.school_is_confirmed),
    Step(N_("De tablet gaat naar de ouder"), intake.tablet_is_handed_over),
    Step(N_("De ouder kiest"), intake.parent_answers),
    Step(N_("De ouder ondertekent"), intake.parent_signs),
    Step(N_("De tablet komt terug"), intake.tablet_is_taken_back),
    Step(N_("De begeleider deelt"), sharing.counsellor_shares),
    Step(N_("Een adres gaat niet mee"), sharing.address_is_refused),
    Step(N_("Wat niet mag, gaat niet"), sharing.unconsented_type_cannot_be_shared),
    Step(N_("Het eerste contact"), sharing.first_contact_is_sent),
    Step(N_("De school bevestigt de leerling"), sharing.school_confirms_the_pupil),
    Step(N_("De contactpersoon kijkt in de lijst"), sharing.school_contact_logs_in),
    Step(N_("De school kijkt"), sharing.school_gets_exactly_what_was_allowed),
    Step(N_("De school vraagt meer"), sharing.refused_type_has_a_reason),
    Step(N_("De leerkracht kijkt"), sharing.teacher_gets_nothing),
    Step(N_("De school schrijft"), sharing.school_writes_absence),
    Step(N_("De begeleider leest"), sharing.counsellor_sees_absence),
    Step(N_("De ouder trekt in"), sharing.parent_withdraws),
    Step(N_("De school kijkt weer"), sharing.school_is_refused),
    Step(N_("De begeleider schrijft weer"), sharing.counsellor_is_refused),
    Step(N_("De privacycoördinator kijkt mee"), proof.officer_sees_the_trail),
    Step(N_("De privacycoördinator rekent na"), proof.officer_verifies),
    Step(N_("Een andere regel wordt voorgesteld"), rules.coordinator_proposes),
    Step(N_("Een tweede privacycoördinator voert hem in"), rules.second_coordinator_switches),
    Step(N_("De beheerder rekent na"), proof.verify_says_ok),
)
AFTERWARDS: Final = (
    Step(N_("Een vervalser verandert een kopie"), proof.forger_changes_a_copy),
    Step(N_("De kopie wordt nagerekend"), proof.verify_names_the_entry),
    Step(N_("Vijf bewaarders krijgen een herstelblad"), erasure.custodians_get_sheets),
    Step(N_("Een dief kopieert de gegevens"), erasure.thief_copies_the_data),
    Step(N_("De sleutel van Noor wordt vernietigd"), erasure.key_is_destroyed),
    Step(N_("Alle sleutels erboven worden vervangen"), erasure.path_is_replaced),
)
"""Once the service has stopped: PostgreSQL copies a database only when nobody uses it."""


def tell(base: Settings, *, on_postgresql: bool, translate: Translate, say: Say) -> int:
    """Walk the whole story in a fresh temporary place; 0 when every step went as told, else 1.

    Raises:
        PackageMissingError: PostgreSQL was asked for and is not installed.
    """
    with ExitStack() as place:
        folder = Path(place.enter_context(tempfile.TemporaryDirectory(prefix="ruggensteun-verhaal-")))
        url = place.enter_context(engines.postgresql(folder / "postgresql")) if on_postgresql else ""
        return asyncio.run(_tell(base, folder / "dienst", url, _Teller(translate, say)))


class _Teller:
    """Numbers the steps and says how each ended."""

    def __init__(self, translate: Translate, say: Say) -> None:
        self._translate = translate
        self._say = say
        self._total = len(WHILE_SERVING) + len(AFTERWARDS)
        self._number = 0

    async def walk(self, step: Step, stage: Stage) -> None:
        """Do one step.

        Raises:
            DifferentError: it did not go as told.
        """
        self._number += 1
        outcome = await step.act(stage)
        self._say(f"{self._number:2}/{self._total}  {self._translate(step.title)}")
        self._say(f"       {self._translate(outcome.sentence, **outcome.params)}")

    def stumbled(self, different: DifferentError) -> None:
        """Say which step went differently."""
        step = (*WHILE_SERVING, *AFTERWARDS)[self._number - 1]
        self._say(f"{self._number:2}/{self._total}  {self._translate(step.title)}")
        self._say(
            "       "
            + self._translate(N_("ANDERS DAN VERTELD. Verwacht: {expected}"), expected=different.expected)
        )
        self._say("       " + self._translate(N_("Gevonden: {found}"), found=different.found))

    def finished(self) -> None:
        """Say that everything went as told."""
        self._say(self._translate(N_("Het hele verhaal klopt: {count} stappen."), count=self._total))


async def _tell(base: Settings, folder: Path, url: str, teller: _Teller) -> int:
    clock: Clock = SystemClock()
    folder.mkdir(mode=0o700)  # noqa: ASYNC240 - before anything is served
    settings = settings_of(folder, base, port=any_free_port(), database_url=url)
    state = await make(folder, settings, clock, families=False)
    try:
        async with _stage(settings, clock) as stage:
            async with running(settings, state.shelter, clock, provider_port=any_free_port()):
                for step in WHILE_SERVING:
                    await teller.walk(step, stage)
            for step in AFTERWARDS:
                await teller.walk(step, stage)
    except DifferentError as different:
        teller.stumbled(different)
        return 1
    teller.finished()
    return 0


@asynccontextmanager
async def _stage(settings: Settings, clock: Clock) -> AsyncIterator[Stage]:
    """A browser for everybody in the story."""
    async with AsyncExitStack() as browsers:
        tablet, school, home, officer = [
            await browsers.enter_async_context(Visitor(settings.public_origin)) for _ in range(4)
        ]
        yield Stage(settings, clock, tablet, school, home, officer)
