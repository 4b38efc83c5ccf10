"""A breach as its pages show it: which numbers, which steps can be taken now, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from consent_service.foundation.clock import AMSTERDAM
from consent_service.foundation.i18n import N_, Translator, translator
from consent_service.foundation.ids import TypeKey
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.breaches.examining import BreachView
from consent_service.rights.breaches.model import BREACH, Breach, Exam, clock_of
from consent_service.rights.breaches.reporting import BreachReport
from consent_service.web.breaches.views import (
    BreachActions,
    BreachLine,
    BreachPage,
    ClockPart,
    ExamLine,
    Fact,
    ReportedPart,
    SaidPart,
)
from consent_service.web.breaches.words import BREACH_TABLES
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.officer.room import home
from consent_service.web.rendering import days_in_words
from consent_service.web.visit import Officer, Visit

HERE = "datalekken"


def at(actor: Officer, *parts: str) -> str:
    """An address in the register."""
    return home(actor, HERE, *parts)


def clock_part(one: Breach, now: datetime) -> ClockPart:
    """The clock of a breach."""
    found = clock_of(one, now)
    return ClockPart(found.due_at, found.hours, found.late, running=not found.stopped)


def line_of(visit: Visit, actor: Officer, one: Breach) -> BreachLine:
    """One line of the register."""
    counted = None if one.children is None else one.children + (one.guardians or 0)
    clock = clock_part(one, visit.now())
    return BreachLine(at(actor, one.breach), one.kind, one.state, one.discovered_at, clock, counted)


def page_of(
    visit: Visit,
    actor: Officer,
    seen: BreachView,
    names: Mapping[str, str],
    form: FormState = EMPTY,
) -> BreachPage:
    """The page of one breach. `names`: of members of staff, for whom it was asked."""
    one = seen.breach
    return BreachPage(
        back_href=at(actor),
        kind=one.kind,
        source=one.source,
        state=one.state,
        discovered_at=one.discovered_at,
        happened_from=one.happened_from,
        happened_until=one.happened_until,
        clock=clock_part(one, visit.now()),
        exams=tuple(exam_line(visit, actor, seen, exam, names) for exam in seen.exams),
        numbers=seen.numbers,
        level=seen.level if seen.exams else "",
        fixed=seen.risk.fixed,
        weighed=one.level is not None,
        reasons=seen.risk.reasons if seen.exams else (),
        said=_said(seen),
        report=_reported(seen),
        letters=seen.letters,
        people_href=at(actor, one.breach, "mensen") if seen.exams else "",
        report_action=at(actor, one.breach, "verslag"),
        json_action=at(actor, one.breach, "verslag", "bestand"),
        do=actions_of(actor, seen),
        form=form,
    )


def _said(seen: BreachView) -> SaidPart:
    return SaidPart(
        nature=seen.words.get("nature", ""),
        measures_note=seen.words.get("measures_note", ""),
        measures=seen.breach.measures,
        consequences=seen.breach.consequences,
    )


def _reported(seen: BreachView) -> ReportedPart:
    one = seen.breach
    return ReportedPart(
        at=one.reported_at,
        reference=one.reference or "",
        late_reason=one.late_reason or "",
        late_note=seen.words.get("late_note", ""),
        unreported_ground=one.unreported_ground or "",
        untold=one.untold or "",
    )


def actions_of(actor: Officer, seen: BreachView) -> BreachActions:
    """The steps of this state, for who decides."""
    if not isinstance(actor, PrivacyCoordinator):
        return BreachActions()
    one = seen.breach
    acts = BREACH.acts_in(one.state)

    def there(act: str, *parts: str) -> str:
        return at(actor, one.breach, *parts) if act in acts else ""

    fresh = one.source_entry is not None and not seen.exams
    tells = "tell" in acts and seen.level == "high"
    return BreachActions(
        ask_href=there("examine", "vraag"),
        ask_entry_action=there("examine", "vraag") if fresh else "",
        entry=one.source_entry or "",
        weigh_action=there("weigh", "risico") if seen.exams else "",
        describe_href=there("describe", "beschrijving"),
        report_href=there("report", "melden"),
        leave_action=there("leave_unreported", "niet-melden"),
        again_action=there("look_again", "opnieuw"),
        prepare_action=there("examine", "brieven") if seen.exams else "",
        tell_action=there("tell", "verteld") if tells else "",
        close_action="" if tells else there("close", "sluiten"),
    )


def exam_line(
    visit: Visit, actor: Officer, seen: BreachView, exam: Exam, names: Mapping[str, str]
) -> ExamLine:
    """One question with what came of it."""
    asked, breach = exam.question, seen.breach.breach
    drops = isinstance(actor, PrivacyCoordinator) and "examine" in BREACH.acts_in(seen.breach.state)
    return ExamLine(
        question=asked.kind,
        who=names.get(asked.actor or "", ""),
        since=asked.since,
        until=asked.until,
        families=exam.families,
        children=exam.children,
        guardians=exam.guardians,
        certain=exam.certain,
        erased=exam.erased,
        seen=exam.seen,
        records=exam.records,
        sessions=exam.sessions,
        types=labels_of(visit, exam.types),
        evidence_href="" if asked.kind == "backup" else at(actor, breach, "vragen", exam.exam),
        drop_action=at(actor, breach, "vragen", exam.exam, "vervalt") if drops else "",
    )


def labels_of(visit: Visit, types: tuple[str, ...]) -> tuple[str, ...]:
    """What types are called; a type that is no more keeps its key."""
    known = visit.services.texts.of(visit.language).types
    return tuple(known[TypeKey(one)].label if one in known else one for one in types)


def facts_of(visit: Visit, report: BreachReport) -> tuple[Fact, ...]:
    """The report as lines: what AVG 33(3) asks, in its order."""
    said = translator(visit.language)
    found: list[tuple[str, str]] = [
        (N_("Nummer in het register"), report.number),
        (N_("Wat er gebeurd is"), _word(said, "breach_kind", report.kind)),
        (N_("In het kort"), report.nature),
        (N_("Wanneer het kon gebeuren"), _period(report, said)),
        (N_("Bekend sinds"), _moment(report.discovered_at, said)),
        (N_("Melden voor"), _moment(report.report_due_at, said)),
        (N_("Gemeld op"), _moment(report.reported_at, said)),
        (N_("Nummer van de melding"), report.reference),
        (
            N_("Waarom later dan 72 uur"),
            _words(said, "breach_late", [report.late_reason or ""], report.late_note),
        ),
        *_subjects(report),
        (
            N_("Soorten gegevens"),
            ", ".join(
                (
                    said.text(N_("Namen en geboortedatum")),
                    *labels_of(visit, tuple(one.type for one in report.categories[1:])),
                )
            ),
        ),
        (N_("Risico"), _word(said, "breach_level", report.risk)),
        (N_("Waarom"), _words(said, "breach_reason", report.risk_reasons)),
        (N_("Mogelijke gevolgen"), _words(said, "breach_consequence", report.consequences)),
        (N_("Maatregelen"), _words(said, "breach_measure", report.measures, report.measures_note)),
        (
            N_("Brieven: gegeven / niet gegeven / nog te doen"),
            f"{report.told.given} / {report.told.withheld} / {report.told.waiting}",
        ),
        (N_("Contact"), f"{report.contact.organisation}, {report.contact.phone}"),
    ]
    return tuple(Fact(said.text(label), value or "-") for label, value in found)


def _subjects(report: BreachReport) -> list[tuple[str, str]]:
    those = report.subjects
    return [
        (N_("Gezinnen"), str(those.families)),
        (N_("Kinderen"), str(those.children)),
        (N_("Ouders en voogden"), str(those.guardians)),
        (N_("Van hen is getoond, volgens het logboek"), str(those.certain)),
        (N_("Mensen die intussen gewist zijn"), str(those.erased)),
        (N_("Geschreven gegevens, ongeveer"), str(report.records)),
    ]


def _period(report: BreachReport, said: Translator) -> str:
    if report.happened_from is None:
        return ""
    return days_in_words(report.happened_from, report.happened_until, language=said.language)


def _moment(moment: datetime | None, said: Translator) -> str:
    if moment is None:
        return ""
    local = moment.astimezone(AMSTERDAM)
    return f"{said.date(local.date())}, {local:%H:%M}"


def _word(said: Translator, table: str, code: str) -> str:
    return said.text(BREACH_TABLES[table][code])


def _words(said: Translator, table: str, codes: Iterable[str], note: str = "") -> str:
    words = [_word(said, table, code) for code in codes if code]
    return "; ".join([*words, *([note] if note else [])])
