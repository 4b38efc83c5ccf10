"""From what the service found to what the page shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import Translator, translator
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.retention.model import (
    GROUNDS,
    Always,
    Hold,
    OfCatalogue,
    Past,
    RetentionPreview,
    Run,
)
from consent_service.rights.retention.register import GROUPS, REGISTER
from consent_service.rights.retention.service import Overview
from consent_service.web.components import Option
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.officer.room import home
from consent_service.web.retention.views import (
    GroupLine,
    HoldLine,
    RetentionPage,
    RunLine,
    ScheduleState,
    TypeLine,
)
from consent_service.web.retention.words import HOLD_GROUNDS, period_words, retention_words
from consent_service.web.visit import Officer, Visit

HERE = "bewaren"
_SHOWN_OF_ID = 6


def page_of(visit: Visit, actor: Officer, found: Overview, form: FormState = EMPTY) -> RetentionPage:
    """The whole page."""
    said, decides = translator(visit.language), isinstance(actor, PrivacyCoordinator)
    standing = tuple(one for one in found.holds if one.stands)
    return RetentionPage(
        types=tuple(_types(visit, said, found)),
        groups=tuple(_groups(said, found.preview)),
        going=found.preview.going,
        waiting=found.preview.families.going + found.preview.staff.going,
        schedule=_schedule(actor, found, decides=decides),
        holds=tuple(_hold(visit, actor, one, decides=decides) for one in standing),
        lifted=len(found.holds) - len(standing),
        runs=tuple(_run(one) for one in found.runs),
        run_action=home(actor, HERE, "opruimen") if decides else "",
        hold_action=home(actor, HERE, "vastzetten") if decides else "",
        grounds=tuple(Option(ground, said.text(HOLD_GROUNDS[ground])) for ground in GROUNDS),
        form=form,
    )


def _types(visit: Visit, said: Translator, found: Overview) -> Iterator[TypeLine]:
    texts = visit.services.texts
    for key, kind in found.catalogue.types.items():
        past = found.preview.records.get(key, Past())
        yield TypeLine(
            texts.of_type(visit.language, key).label,
            retention_words(said, kind.retention),
            past.going,
            past.held,
        )


def _groups(said: Translator, preview: RetentionPreview) -> Iterator[GroupLine]:
    """What has no information type. Of what goes by its family the family itself is counted."""
    for code, group in GROUPS.items():
        of_group = {name: kept for name, kept in REGISTER.items() if kept.group == code}
        periods = [kept.period for kept in of_group.values() if not isinstance(kept.period, OfCatalogue)]
        own = [period for period in periods if not isinstance(period, Always)] or periods
        counted = _counted(preview, code, of_group)
        yield GroupLine(
            title=said.text(group.title),
            explanation=said.text(group.explanation),
            article=group.article,
            periods=tuple(dict.fromkeys(period_words(said, one) for one in own)),
            going=sum(one.going for one in counted),
            held=sum(one.held for one in counted),
        )


def _counted(preview: RetentionPreview, code: str, tables: Mapping[str, object]) -> list[Past]:
    whole = {"families": preview.families, "keys": preview.keys, "staff": preview.staff}
    counted = [past for name, past in preview.tables.items() if name in tables]
    if code == "records":
        counted += preview.records.values()
    return [*counted, whole[code]] if code in whole else counted


def _schedule(actor: Officer, found: Overview, *, decides: bool) -> ScheduleState:
    one = found.schedule
    if one is None:
        return ScheduleState("none", propose_action=home(actor, HERE, "termijnen") if decides else "")
    if one.approved_by is not None:
        return ScheduleState("approved")
    may = decides and one.proposed_by != actor.staff
    return ScheduleState(
        "proposed", approve_action=home(actor, HERE, "termijnen", one.schedule) if may else ""
    )


def _hold(visit: Visit, actor: Officer, one: Hold, *, decides: bool) -> HoldLine:
    today = local_date(visit.services.installation.clock.now())
    return HoldLine(
        reference=one.hold[-_SHOWN_OF_ID:].upper(),
        ground=one.ground,
        placed_on=local_date(one.placed_at),
        review_on=one.review_on,
        whole=one.child is None,
        late=one.review_on < today,
        lift_action=home(actor, HERE, "vastzetten", one.hold, "loslaten") if decides else "",
    )


def _run(one: Run) -> RunLine:
    return RunLine(
        started_at=one.started_at,
        ended_at=one.ended_at,
        asked=one.asked_by is not None,
        expected=max(one.expected, one.done.total),
        records=one.done.records,
        keys=one.done.keys,
        families=one.done.families,
        staff=one.done.staff,
        rows=one.done.rows,
        failed=one.done.failed,
    )
