"""The state tables of what goes before consent, and what can be chosen in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, Literal

import msgspec

from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import (
    EntryId,
    FamilyId,
    PersonId,
    RecordId,
    RelationshipId,
    StaffId,
    TypeKey,
)
from consent_service.policy.emergencies import LASTS
from consent_service.process.states import START, StateTable, Step

VitalReason = Literal["medical", "medication", "danger_now", "missing", "self_harm", "other_vital"]
REASONS: Final[Mapping[VitalReason, str]] = {
    "medical": N_("Het kind kan ernstig ziek worden, bijvoorbeeld door een allergie"),
    "medication": N_("Het kind heeft nu medicijnen nodig"),
    "danger_now": N_("Iemand kan het kind vandaag iets aandoen"),
    "missing": N_("Het kind is weg"),
    "self_harm": N_("Het kind kan zichzelf iets aandoen"),
    "other_vital": N_("Anders: er kan een leven van afhangen"),
}
ReviewOutcome = Literal["justified", "not_justified"]
OUTCOMES: Final[Mapping[ReviewOutcome, str]] = {
    "justified": N_("Het was nodig"),
    "not_justified": N_("Het was niet nodig: beoordeel of dit een datalek is"),
}

BREAK_GLASS: Final = StateTable(
    "break_glass",
    (
        Step("ask", START, "asked", ("counsellor",), "one at a time"),
        Step("ask_by_phone", START, "running_by_phone", ("counsellor",), "a colleague agreed by phone"),
        Step("approve", "asked", "running", ("counsellor",), "another person; 24 hours"),
        Step("refuse", "asked", "refused", ("counsellor",), "another person"),
        Step("drop", "asked", "dropped", ("counsellor",), "who asked"),
        Step("confirm", "running_by_phone", "running", ("counsellor",), "who was named"),
        Step("deny", "running_by_phone", "withdrawn", ("counsellor",), "who was named"),
        Step("withdraw", "running", "withdrawn", ("counsellor",), "who agreed"),
        Step("end", "running", "ended", ("counsellor", "privacy_coordinator")),
        Step("end", "running_by_phone", "unconfirmed", ("counsellor", "privacy_coordinator")),
        Step("run_out", "running", "ended", ("system",), "after 24 hours"),
        Step("run_out", "running_by_phone", "unconfirmed", ("system",), "after 24 hours"),
        Step("confirm", "unconfirmed", "ended", ("counsellor",), "who was named"),
        Step("deny", "unconfirmed", "withdrawn", ("counsellor",), "who was named"),
        Step("review", "unconfirmed", "reviewed", ("privacy_coordinator",)),
        Step("review", "ended", "reviewed", ("privacy_coordinator",)),
        Step("review", "withdrawn", "reviewed", ("privacy_coordinator",)),
    ),
)
"""AVG 6(1)(d): two persons, one item, 24 hours, looked at by an officer on the next working day (S29)."""

MELDCODE: Final = StateTable(
    "meldcode",
    (
        Step("map_signals", START, "mapped", ("counsellor",)),
        Step("consult", "mapped", "consulted", ("counsellor",)),
        Step("talk", "consulted", "talked", ("counsellor",), "or why not"),
        Step("weigh", "talked", "weighed", ("counsellor",)),
        Step("decide_report", "weighed", "report_decided", ("counsellor",)),
        Step("decide_help", "report_decided", "decided", ("counsellor",)),
        Step("export", "decided", "decided", ("counsellor",), "to report was decided"),
        Step("close", "decided", "closed", ("counsellor",)),
    ),
)
"""The five steps of the Wet verplichte meldcode (Besluit verplichte meldcode, 2); none left out (S28)."""
LEGAL_STEPS: Final = ("map_signals", "consult", "talk", "weigh", "decide_report", "decide_help")
RECIPIENT: Final = "veilig_thuis"
"""The only one a report goes to; there is no other to choose, and no field to choose it in."""

REQUEST: Final = StateTable(
    "statutory_request",
    (
        Step("receive", START, "received", ("counsellor",)),
        Step("give", "received", "given", ("counsellor",)),
        Step("refuse", "received", "refused", ("counsellor",)),
        Step("ask_back", "received", "asked_back", ("counsellor",)),
        Step("answer_back", "asked_back", "received", ("counsellor",)),
    ),
)
Asker = Literal["raad", "gi", "police"]
ASKERS: Final[Mapping[Asker, str]] = {
    "raad": N_("Raad voor de Kinderbescherming"),
    "gi": N_("Gecertificeerde instelling (gezinsvoogd)"),
    "police": N_("Politie of officier van justitie"),
}
Ground = Literal["bw_1_240", "jw_7_3_11_4", "jw_7_3_11_1", "sv_126nd", "vital", "none_named"]
GROUNDS: Final[Mapping[Ground, tuple[Asker | None, str]]] = {
    "bw_1_240": ("raad", N_("Artikel 1:240 BW: wie een beroepsgeheim heeft mag de Raad inlichten")),
    "jw_7_3_11_4": ("gi", N_("Artikel 7.3.11 lid 4 Jeugdwet: inlichtingen voor een ondertoezichtstelling")),
    "jw_7_3_11_1": ("gi", N_("Artikel 7.3.11 lid 1 Jeugdwet: met toestemming")),
    "sv_126nd": ("police", N_("Artikel 126nd Wetboek van Strafvordering: vordering op papier")),
    "vital": (None, N_("Er kan een leven van afhangen (artikel 6 lid 1 onder d AVG)")),
    "none_named": (None, N_("Geen grond genoemd: vraag erom, of weiger")),
}
"""Each with the body it is of; None: of any. (assumed: to be confirmed by a lawyer)"""


class NewBreakGlass(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a school should read: the fields of one type, why, and who agreed by phone.

    untold: why the parents are not told, for safety; empty: they are told.
    """

    information_type: TypeKey
    fields: Mapping[str, str]
    reason: VitalReason
    why: str
    untold: str = ""
    approver: StaffId | None = None
    attested: frozenset[str] = frozenset()


class BreakGlass(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One break-glass as it is now, without what it says."""

    break_glass: RecordId
    relationship: RelationshipId
    state: str
    information_type: TypeKey
    reason: VitalReason
    by_phone: bool
    untold: bool
    requested_by: StaffId
    requested_at: datetime
    approver: StaffId | None
    starts_at: datetime | None
    ends_at: datetime | None
    confirm_by: date | None
    told_at: datetime | None


class AskRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Safety forbids it even now; `code` is the policy's reason, the attempt is logged."""

    information_type: TypeKey
    code: str
    entry: EntryId


class StepText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is written with one step: what, and why so. Both are mandatory.

    code: what was decided (`yes`, `no`), how Veilig Thuis was asked (`anonymous`, `named`), or whether there
    was a talk (`held`, `not_held`).
    """

    what: str
    why: str
    code: str = ""


CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "consult": ("anonymous", "named"),
    "talk": ("held", "not_held"),
    "decide_report": ("yes", "no"),
    "decide_help": ("yes", "no"),
}
"""The choices of each step that has one."""


class WrittenStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step as it was taken."""

    act: str
    by: StaffId
    at: datetime
    text: StepText


class Meldcode(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One walk through the steps; open to the parents unless postponed until a day."""

    meldcode: RecordId
    family: FamilyId
    child: PersonId
    state: str
    opened_by: StaffId
    opened_at: datetime
    report: str | None
    help: str | None
    postponed_until: date | None


class Postponement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Not open to the parents yet: the safety reason, and the day on which it is looked at again."""

    why: str
    until: date


class OwnMeldcode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the own page shows of a walk: the legal steps, and nothing of a postponement."""

    child: PersonId
    opened_at: datetime
    steps: tuple[WrittenStep, ...]


class NewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who asked what, on which ground: `name` of the person, `reference` of the letter."""

    asker: Asker
    ground: Ground
    name: str
    asked: str
    reference: str = ""


class StatutoryRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One request as it stands now, without what it says."""

    request: RecordId
    family: FamilyId
    child: PersonId
    state: str
    asker: Asker
    ground: Ground
    received_by: StaffId
    received_at: datetime
    answered_by: StaffId | None
    answered_at: datetime | None


class WrittenAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done about a request, and why so."""

    act: str
    what: str
    why: str


class OpenedRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request with what it says; answers oldest first."""

    request: StatutoryRequest
    name: str
    asked: str
    reference: str
    answers: tuple[WrittenAnswer, ...]


def lasts_until(starts_at: datetime) -> datetime:
    """When a break-glass that begins now ends by itself."""
    return starts_at + LASTS
