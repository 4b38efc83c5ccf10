"""Events of the start with a school and of care signals: ids, codes and times only."""

from __future__ import annotations

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import EntryId, RelationshipId, SchoolId, StaffId, TypeKey


class FirstContactSent(Happening, frozen=True, tag="first_contact.sent.v1"):
    """The counsellor confirmed code, street and phone of the school, and let its contacts know (S49)."""

    relationship: RelationshipId
    school: SchoolId


class FirstContactRefused(Happening, frozen=True, tag="first_contact.refused.v1"):
    """Without a yes to the type that opens the rest, a school is told nothing at all (S19)."""

    relationship: RelationshipId
    information_type: TypeKey


class FirstContactConfirmed(Happening, frozen=True, tag="first_contact.confirmed.v1"):
    """A contact said that this is a pupil of the school; only now the organisation has a name."""

    relationship: RelationshipId


class FirstContactRead(Happening, frozen=True, tag="first_contact.read.v1"):
    """A contact read that the organisation is involved, and whom to call."""

    relationship: RelationshipId


class FirstDayTicked(Happening, frozen=True, tag="first_day.ticked.v1"):
    """The school did one thing of the list, or took its tick back."""

    relationship: RelationshipId
    item: Code
    done: bool


class CallMade(Happening, frozen=True, tag="call.made.v1"):
    """The counsellor called the school: whom by function, which types were told. `entry` let them be told."""

    relationship: RelationshipId
    call: Code
    spoken_to: Code
    types: tuple[TypeKey, ...] = ()
    entry: EntryId | None = None


class ToldByParent(Happening, frozen=True, tag="telling.by_parent.v1"):
    """The parent tells the school itself: talking points were printed, nothing was sent (S52)."""

    relationship: RelationshipId
    types: tuple[TypeKey, ...] = ()


class SignalSent(Happening, frozen=True, tag="signal.sent.v1"):
    """A care signal, and along which way it goes: `direct`, `attendance_officer` or `veilig_thuis`."""

    relationship: RelationshipId
    signal: Code
    route: Code
    region: Code


class SignalNoticed(Happening, frozen=True, tag="signal.noticed.v1"):
    """Somebody who reads at the school now was told that something waits."""

    relationship: RelationshipId
    signal: Code
    staff: StaffId


class SignalRead(Happening, frozen=True, tag="signal.read.v1"):
    """Somebody at the school read it; `entry` is that reading."""

    relationship: RelationshipId
    signal: Code
    entry: EntryId


class SignalUnread(Happening, frozen=True, tag="signal.unread.v1"):
    """At eight o'clock of the school day nobody had read it (S47)."""

    relationship: RelationshipId
    signal: Code


class SignalCalled(Happening, frozen=True, tag="signal.called.v1"):
    """The counsellor told the recipient by phone; `spoken_to` by function."""

    relationship: RelationshipId
    signal: Code
    spoken_to: Code


class SignalGone(Happening, frozen=True, tag="signal.gone.v1"):
    """Five school days later: the signal is removed."""

    relationship: RelationshipId
    signal: Code


class SchoolPlaced(Happening, frozen=True, tag="school.placed.v1"):
    """In which holiday region a school is."""

    school: SchoolId
    region: Code


class RouteSet(Happening, frozen=True, tag="signal.route_set.v1"):
    """Along which way care signals of a region go."""

    region: Code
    route: Code


StartEvent = (
    FirstContactSent | FirstContactRefused | FirstContactConfirmed | FirstContactRead | FirstDayTicked
)
SignalEvent = (
    StartEvent
    | CallMade
    | ToldByParent
    | SignalSent
    | SignalNoticed
    | SignalRead
    | SignalUnread
    | SignalCalled
    | SignalGone
    | SchoolPlaced
    | RouteSet
)
"""What is logged of starts, calls and signals."""
