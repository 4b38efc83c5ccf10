"""For whom, in whose words: what is left of a judgement for one reader. Pure."""

from __future__ import annotations

from datetime import date

import msgspec

from consent_service.families.model import is_left_out, is_shown
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import EntryId, TypeKey
from consent_service.identity.model import ChildActor, Counsellor, GuardianActor, person_of
from consent_service.policy.explain import Audience, Viewer, audience_of
from consent_service.policy.projection import Known
from consent_service.policy.supposing import own_records
from consent_service.records.model import OpenedRecord
from consent_service.release.judging import Judged
from consent_service.release.model import Ask, ChildLine, Refused, Released
from consent_service.release.read import Situation
from consent_service.release.wording import refused_lines


def require_shown(actor: GuardianActor | ChildActor | Counsellor, known: Known, day: date) -> None:
    """Whoever is answered by a person is answered here as if there were nothing."""
    if not isinstance(actor, GuardianActor):
        return
    person, level = actor.guardian, known.safety.level
    shown = is_shown(person, guardians=known.guardians, safety=level, protected=known.protected)
    if not shown or is_left_out(person, known.markers, day, safety=level):
        raise NotFoundError("relationship")


def viewer_of(
    actor: GuardianActor | ChildActor | Counsellor, known: Known, language: str
) -> tuple[Viewer, Known]:
    """In whose words it is explained; what is about another guardian only is not for a person to see."""
    if isinstance(actor, Counsellor):
        return Viewer("counsellor", language), known
    person = person_of(actor)
    return Viewer(audience_of(known, person), language, person), own_records(known, person)


def only(judgement: Judged, opened: tuple[OpenedRecord, ...]) -> Judged:
    """What the log says was read is what this reader is shown, not what lay beside it."""
    shown = {one.record for one in opened}
    kept = tuple(one for one in judgement.to_open if one.record in shown)
    return msgspec.structs.replace(judgement, to_open=kept)


def worded(
    ask: Ask,
    judgement: Judged,
    entry: EntryId,
    opened: tuple[OpenedRecord, ...],
    audience: Audience,
) -> Released | Refused:
    """The answer as it is shown: what was opened, and why the rest was not."""
    shown = {one.information_type for one in opened}
    permitted = frozenset[TypeKey]() if judgement.permit is None else judgement.permit.types
    refused = refused_lines(
        judgement.rules,
        judgement.refusals,
        permitted - shown,
        audience=audience,
        language=ask.language,
    )
    if not opened:
        return Refused(ask.relationship, ask.purpose, entry, refused)
    return Released(ask.relationship, ask.purpose, entry, opened, refused)


def child_of(situation: Situation) -> ChildLine:
    """The line by which somebody at a school knows this child."""
    about = situation.known.relationship
    return ChildLine(
        about.tenant,
        about.relationship,
        about.child,
        about.school,
        situation.identity.full_name,
        situation.known.birth_date,
    )
