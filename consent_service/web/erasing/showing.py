"""Erasures as their pages show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from consent_service.audit.events import By
from consent_service.custody.model import DestructionReport
from consent_service.custody.wording import sentences
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import N_, problem_sentence, translator
from consent_service.identity.model import Fg
from consent_service.process.recalls_model import OfficerRecall
from consent_service.rights.carrying.erasing import ErasureView
from consent_service.rights.erasure_model import Erasure
from consent_service.web.components import FieldLine
from consent_service.web.erasing.views import ErasureLine, ErasurePage, NoticeLine, StageLine
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.officer.room import home
from consent_service.web.officer.wording import LogWords
from consent_service.web.visit import Officer, Visit

HERE = "wissen"
CASES = "verzoeken"
CARRY_OUT = "uitvoeren"
_STAGES = ("live_dead", "path_dead", "backup_dead")


def reference_of(erasure: str) -> str:
    """What people call one by."""
    return erasure[-6:].upper()


def line_of(actor: Officer, one: Erasure, notices: Iterable[OfficerRecall] = ()) -> ErasureLine:
    """One erasure in the list."""
    open_notices = sum(notice.matter == one.erasure and notice.state == "open" for notice in notices)
    return ErasureLine(
        href=home(actor, HERE, one.erasure),
        reference=reference_of(one.erasure),
        scope=one.scope,
        state=one.state,
        asked_on=local_date(one.asked_at),
        yours=_is_yours(actor, one),
        notices_open=open_notices,
    )


def _is_yours(actor: Officer, one: Erasure) -> bool:
    if isinstance(actor, Fg):
        return False
    return one.state in ("approved", "running") or (one.state == "asked" and one.asked_by != actor.staff)


def notice_of(one: OfficerRecall, schools: dict[str, str], words: LogWords) -> NoticeLine:
    """What a school was told, and its answer."""
    return NoticeLine(
        reference=one.reference,
        school=schools.get(one.school, ""),
        label=words.type_label(one.information_type),
        issued_on=local_date(one.issued_at),
        state=one.state,
        ground=one.ground,
        late=one.late,
    )


class ErasureShowing:
    """One erasure for one reader."""

    def __init__(self, visit: Visit, actor: Officer) -> None:
        self._visit = visit
        self._actor = actor
        self._said = translator(visit.language)
        self._words = LogWords(visit.services.texts.of(visit.language))

    def page(
        self,
        view: ErasureView,
        notices: Collection[OfficerRecall],
        schools: dict[str, str],
        form: FormState = EMPTY,
    ) -> ErasurePage:
        """Everything about one."""
        one, actor = view.erasure, self._actor
        at = home(actor, HERE, one.erasure)
        decides = not isinstance(actor, Fg)
        mine = decides and one.asked_by == actor.staff
        return ErasurePage(
            back_href=home(actor, HERE),
            reference=reference_of(one.erasure),
            scope=one.scope,
            ground=one.ground,
            state=one.state,
            facts=self._facts(one),
            case_href="" if one.case is None else home(actor, CASES, one.case),
            why_not=self._why_not(view),
            own=mine and one.state == "asked",
            left=view.left,
            gone=self._gone(one),
            stages=() if view.stages is None else self._stages(view.stages),
            notices=tuple(notice_of(n, schools, self._words) for n in notices if n.matter == one.erasure),
            approve_action=f"{at}/goedkeuren" if decides and one.state == "asked" and not mine else "",
            drop_action=f"{at}/niet-doen" if decides and one.state in ("asked", "approved") else "",
            execute_action=f"{at}/uitvoeren" if decides and self._can_run(view) else "",
            form=form,
        )

    def _can_run(self, view: ErasureView) -> bool:
        return view.erasure.state == "running" or (view.erasure.state == "approved" and view.missing is None)

    def _why_not(self, view: ErasureView) -> str:
        if view.erasure.state != "approved" or view.missing is None:
            return ""
        return problem_sentence(Problem("erasure", view.missing), self._visit.language)

    def _facts(self, one: Erasure) -> tuple[FieldLine, ...]:
        said = self._said
        lines = [
            (N_("Gevraagd door"), f"{self._by(one.asked_by)}, {said.date(local_date(one.asked_at))}"),
        ]
        if one.approved_by is not None and one.approved_at is not None:
            day = said.date(local_date(one.approved_at))
            lines.append((N_("Goedgekeurd door"), f"{self._by(one.approved_by)}, {day}"))
        if one.ended_at is not None:
            ended = N_("Gewist op") if one.state == "executed" else N_("Gestopt op")
            lines.append((ended, said.date(local_date(one.ended_at))))
        if one.typed in _TYPED:
            lines.append((N_("Getypt door de beheerder"), said.text(_TYPED[one.typed])))
        return tuple(FieldLine(said.text(label), value) for label, value in lines)

    def _gone(self, one: Erasure) -> tuple[FieldLine, ...]:
        if one.state not in ("running", "executed"):
            return ()
        gone = one.gone
        lines = (
            (N_("Personen"), gone.persons),
            (N_("Sleutels"), gone.keys),
            (N_("Versleutelde details van het logboek"), gone.details),
            (N_("Vindplaatsen in het logboek"), gone.index),
            (N_("Andere gegevens, zoals taken, berichten en sessies"), gone.rows),
        )
        return tuple(FieldLine(self._said.text(label), str(count)) for label, count in lines)

    def _stages(self, report: DestructionReport) -> tuple[StageLine, ...]:
        reached = (report.live_dead_at, report.path_dead_at, report.backups_dead_at)
        return tuple(
            StageLine(stage, self._said.text(one.msgid, **one.params), moment is not None)
            for stage, one, moment in zip(_STAGES, sentences(report, self._said.date), reached, strict=True)
        )

    def _by(self, staff: str) -> str:
        return self._words.by(By("privacy_coordinator", staff))


_TYPED = {
    "asked": N_("de vraag"),
    "approved": N_("de goedkeuring"),
    "both": N_("de vraag en de goedkeuring"),
}
