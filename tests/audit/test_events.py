"""The union is closed, its tags are fresh and dotted, and no field can carry free text."""

from __future__ import annotations

import ast
import inspect
import re
import types
import typing
from datetime import date, datetime
from typing import Annotated, Literal, NewType, get_args, get_origin

import msgspec
import pytest

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.events import By, Code, Event, event_type
from consent_service.audit.happenings import (
    accountability,
    afterwards,
    breaches,
    carrying,
    cases,
    consent,
    emergencies,
    erasures,
    families,
    keys,
    logins,
    meetings,
    notices,
    organisations,
    policies,
    records,
    retention,
    reviews,
    signals,
    upkeep,
    who,
)
from consent_service.foundation import ids
from consent_service.foundation.tracing import CallerId, SpanId, TraceId

ALL: tuple[type[msgspec.Struct], ...] = get_args(Event)
ID_TYPES = {value for value in vars(ids).values() if isinstance(value, NewType)}
PLAIN = {int, bool, date, datetime, type(None)}
CODES = (Code, TraceId, SpanId, CallerId)


def free_text_in(annotation: object) -> bool:
    """Whether a field with this annotation could hold a sentence somebody typed."""
    if annotation in PLAIN or annotation in ID_TYPES or annotation in CODES:
        return False
    origin = get_origin(annotation)
    if origin is Literal:
        return False
    if origin in {typing.Union, types.UnionType, tuple}:
        return any(free_text_in(one) for one in get_args(annotation) if one is not Ellipsis)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return fields_with_free_text(annotation) != []
    return True


def fields_with_free_text(struct: type[msgspec.Struct]) -> list[str]:
    hints = typing.get_type_hints(struct, include_extras=True)
    return [name for name in struct.__struct_fields__ if free_text_in(hints[name])]


@pytest.mark.parametrize("event", [*ALL, By, Detail], ids=lambda struct: struct.__name__)
def test_no_field_of_an_event_can_carry_free_text(event: type[msgspec.Struct]) -> None:
    assert fields_with_free_text(event) == []


class Planted(msgspec.Struct):
    note: str
    nested: tuple[dict[str, int], ...]
    loose: Annotated[str, msgspec.Meta(max_length=64)]
    maybe: str | None
    fine: Code


def test_the_check_sees_a_planted_free_text() -> None:
    assert fields_with_free_text(Planted) == ["note", "nested", "loose", "maybe"]


def test_every_event_class_of_the_module_is_in_the_union() -> None:
    written = {
        getattr(module, node.name)
        for module in MODULES
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef) and issubclass(getattr(module, node.name), events.Happening)
    }
    assert written - {consent.DecisionEvent} == set(ALL)


@pytest.mark.parametrize("event", ALL, ids=lambda struct: struct.__name__)
def test_every_tag_is_dotted_versioned_and_its_own(event: type[msgspec.Struct]) -> None:
    tag = str(event.__struct_config__.tag)
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)*\.v1", tag)
    assert [one.__struct_config__.tag for one in ALL].count(tag) == 1
    assert event.__struct_config__.frozen
    assert event.__struct_config__.forbid_unknown_fields


def test_the_tags_of_the_first_release_stay() -> None:
    """An event is never edited or dropped once released: old logs must stay readable."""
    assert sorted(str(one.__struct_config__.tag) for one in ALL) == FIRST_RELEASE


def test_an_event_knows_its_type() -> None:
    assert event_type(events.Logout()) == "logout.v1"


MODULES = (
    breaches,
    accountability,
    carrying,
    cases,
    reviews,
    organisations,
    families,
    consent,
    records,
    logins,
    upkeep,
    keys,
    policies,
    erasures,
    who,
    meetings,
    emergencies,
    notices,
    afterwards,
    notices,
    signals,
    retention,
)
FIRST_RELEASE = [
    "accountability.report_fixed.v1",
    "accountability.taken.v1",
    "agreement.ended.v1",
    "agreement.signed.v1",
    "assignment.ended.v1",
    "assignment.started.v1",
    "authority.recorded.v1",
    "breach.examined.v1",
    "breach.letter_moved.v1",
    "breach.moved.v1",
    "breach.opened.v1",
    "break_glass.asked.v1",
    "break_glass.moved.v1",
    "break_glass.read.v1",
    "bundle.activated.v1",
    "call.made.v1",
    "case.moved.v1",
    "case.opened.v1",
    "child.registered.v1",
    "client.admitted.v1",
    "client.changed.v1",
    "client.ended.v1",
    "client.refused.v1",
    "client.registered.v1",
    "client.served.v1",
    "competence.judged.v1",
    "consent.given.v1",
    "consent.invalidated.v1",
    "consent.later.v1",
    "consent.objected.v1",
    "consent.objection_lifted.v1",
    "consent.opinion.v1",
    "consent.reevaluated.v1",
    "consent.refused.v1",
    "consent.resumed.v1",
    "consent.suspended.v1",
    "consent.withdrawn.v1",
    "contact.attested.v1",
    "contact.away.v1",
    "contact.conflict_declared.v1",
    "contact.lapsed.v1",
    "contact.listed.v1",
    "contact.removed.v1",
    "ending.moved.v1",
    "ending.planned.v1",
    "entries.released.v1",
    "erasure.approved.v1",
    "erasure.asked.v1",
    "erasure.dropped.v1",
    "erasure.executed.v1",
    "exit.permitted.v1",
    "exit.refused.v1",
    "factor.enrolment_given.v1",
    "factor.proved.v1",
    "factor.refused.v1",
    "family.registered.v1",
    "family.searched.v1",
    "figures.published.v1",
    "first_contact.confirmed.v1",
    "first_contact.read.v1",
    "first_contact.refused.v1",
    "first_contact.sent.v1",
    "first_day.ticked.v1",
    "guardian.registered.v1",
    "handover.ended.v1",
    "handover.refused.v1",
    "handover.started.v1",
    "identity.changed.v1",
    "identity.viewed.v1",
    "information.previewed.v1",
    "information.released.v1",
    "information.reported_wrong.v1",
    "intake.finished.v1",
    "intake.started.v1",
    "key.backed_up.v1",
    "key.backups_expired.v1",
    "key.created.v1",
    "key.destroyed.v1",
    "key.destroyed_on_order.v1",
    "key.epoch_begun.v1",
    "key.epoch_ended.v1",
    "key.index_rotated.v1",
    "key.path_destroyed.v1",
    "key.records_reencrypted.v1",
    "key.recovery_drilled.v1",
    "key.recovery_made.v1",
    "key.restored.v1",
    "key.root_returned.v1",
    "log.exported.v1",
    "log.head_accepted.v1",
    "log.head_learned.v1",
    "log.key_rotated.v1",
    "log.pinned.v1",
    "log.pruned.v1",
    "log.reopened.v1",
    "log.verified.v1",
    "log.viewed.v1",
    "log.witness_dismissed.v1",
    "login.refused.v1",
    "login.stepped_up.v1",
    "login.succeeded.v1",
    "logout.refused.v1",
    "logout.v1",
    "meeting.refused.v1",
    "meeting.stepped.v1",
    "meeting_agreement.stepped.v1",
    "meldcode.moved.v1",
    "meldcode.opened.v1",
    "notice.address_entered.v1",
    "notice.bounced.v1",
    "notice.not_sent.v1",
    "notice.queued.v1",
    "notice.sent.v1",
    "notice.uncertain.v1",
    "operator.added.v1",
    "operator.admitted.v1",
    "operator.ended.v1",
    "page.access_given.v1",
    "page.access_revoked.v1",
    "page.opened.v1",
    "page.refused.v1",
    "passkey.added.v1",
    "passkey.removed.v1",
    "pattern.seen.v1",
    "person.sought.v1",
    "policy.approved.v1",
    "policy.proposed.v1",
    "policy.refused.v1",
    "policy.replayed.v1",
    "policy.withdrawn.v1",
    "provider.changed.v1",
    "provider.registered.v1",
    "pupil.disowned.v1",
    "question.asked.v1",
    "recall.acknowledged.v1",
    "recall.asked.v1",
    "recall.erased.v1",
    "recall.erased_answered.v1",
    "recall.issued.v1",
    "receipt.printed.v1",
    "record.approved.v1",
    "record.attested.v1",
    "record.expired.v1",
    "record.retracted.v1",
    "record.share_refused.v1",
    "record.shared.v1",
    "rectification.asked.v1",
    "relationship.ended.v1",
    "relationship.started.v1",
    "relationship.succeeded.v1",
    "release.duty_arose.v1",
    "release.failed.v1",
    "release.refused.v1",
    "reminder.due.v1",
    "restriction.moved.v1",
    "retention.held.v1",
    "retention.ran.v1",
    "retention.scheduled.v1",
    "safety.assessed.v1",
    "safety.guardian_assessed.v1",
    "safety.marker_decided.v1",
    "safety.marker_ended.v1",
    "safety.marker_requested.v1",
    "sample.drawn.v1",
    "sample.judged.v1",
    "school.changed.v1",
    "school.placed.v1",
    "school.registered.v1",
    "school.succeeded.v1",
    "session.ended.v1",
    "signal.called.v1",
    "signal.gone.v1",
    "signal.noticed.v1",
    "signal.read.v1",
    "signal.route_set.v1",
    "signal.sent.v1",
    "signal.unread.v1",
    "staff.added.v1",
    "staff.ended.v1",
    "staff.invitation_ended.v1",
    "staff.invited.v1",
    "staff.linked.v1",
    "staff.placed.v1",
    "staff.unlinked.v1",
    "statutory_request.answered.v1",
    "statutory_request.received.v1",
    "statutory_text.read.v1",
    "stop.replayed.v1",
    "substitute.access.v1",
    "telling.by_parent.v1",
    "tenant.registered.v1",
    "text.resumed.v1",
    "text.suspended.v1",
]
