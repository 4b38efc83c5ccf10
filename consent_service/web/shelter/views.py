"""Views of the counsellor's pages. All addresses (`href`, `action`) are given by the routes."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from consent_service.web.components import (
    Attestation,
    Option,
    Part,
    RefusedPart,
    ReleasedPart,
    ShareField,
    TaskLine,
)
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View
from consent_service.web.shelter.answers_views import ToConfirmLine
from consent_service.web.vocabulary import Answer, Safety


class FamilyLine(Part, frozen=True):
    """One family in the counsellor's list."""

    href: str
    guardians: tuple[str, ...]
    children: tuple[str, ...]
    safety: Safety
    open_tasks: int = 0
    substitute: bool = False


class FamiliesPage(View, frozen=True):
    """The families assigned to this counsellor, and what is to be done."""

    template: ClassVar[str] = "shelter/families.html"
    families: tuple[FamilyLine, ...]
    tasks: tuple[TaskLine, ...]
    register_href: str
    search_href: str


class SearchHit(Part, frozen=True):
    """A child found by exact name and birth date; `assigned` is false for another counsellor's family."""

    href: str
    name: str
    birth_date: date
    assigned: bool


class SearchPage(View, frozen=True):
    """Search by exact name and birth date. Posted, so that no name reaches an address or a log."""

    template: ClassVar[str] = "shelter/search.html"
    action: str
    back_href: str
    form: FormState = EMPTY
    searched: bool = False
    hits: tuple[SearchHit, ...] = ()


class RegisterFamilyPage(View, frozen=True):
    """Guardians and children on one page; `guardians` and `children` number the blocks shown.

    The buttons `more=guardian` and `more=child` ask for one block more; nothing is stored then.
    `step_token` is used once, so that the same form never registers two families.
    """

    template: ClassVar[str] = "shelter/register_family.html"
    action: str
    back_href: str
    step_token: str
    form: FormState = EMPTY
    guardians: tuple[int, ...] = (0,)
    children: tuple[int, ...] = (0,)


class AddChildPage(View, frozen=True):
    """One more child in a known family."""

    template: ClassVar[str] = "shelter/add_child.html"
    action: str
    back_href: str
    form: FormState = EMPTY


class AddGuardianPage(View, frozen=True):
    """One more guardian in a known family."""

    template: ClassVar[str] = "shelter/add_guardian.html"
    action: str
    back_href: str
    form: FormState = EMPTY


class ChangeIdentityPage(View, frozen=True):
    """Correct who a child or guardian is; of a child there is no phone or e-mail (`contact` false)."""

    template: ClassVar[str] = "shelter/change_identity.html"
    action: str
    back_href: str
    person: str
    contact: bool
    form: FormState = EMPTY


class RecordAuthorityPage(View, frozen=True):
    """What was seen of a guardian's authority over one child, from when to when."""

    template: ClassVar[str] = "shelter/record_authority.html"
    action: str
    back_href: str
    children: tuple[Option, ...]
    guardians: tuple[Option, ...]
    form: FormState = EMPTY


class SharedWith(Part, frozen=True):
    """A child about whom something may be shared with a school now."""

    child: str
    school: str


class EndFamilyPage(View, frozen=True):
    """End the guidance of the family, and all sharing with it at once; says first what stops."""

    template: ClassVar[str] = "shelter/end_family.html"
    action: str
    back_href: str
    stops: tuple[SharedWith, ...]
    form: FormState = EMPTY


class SafetyPage(View, frozen=True):
    """The Veiligheid step, before a school is chosen."""

    template: ClassVar[str] = "shelter/safety.html"
    action: str
    back_href: str
    guardians: tuple[str, ...]
    form: FormState = EMPTY


class SchoolHit(Part, frozen=True):
    """A school that may be meant; two schools can have one name."""

    href: str
    code: str
    name: str
    street: str
    town: str
    agreement: bool


class FindSchoolPage(View, frozen=True):
    """Find the school of one child by code or name."""

    template: ClassVar[str] = "shelter/find_school.html"
    action: str
    back_href: str
    child: str
    form: FormState = EMPTY
    searched: bool = False
    hits: tuple[SchoolHit, ...] = ()


class ContactOption(Part, frozen=True):
    """Somebody at the school who can be contact; `days` are codes of `vocabulary.WEEKDAYS`."""

    value: str
    name: str
    role: str
    days: tuple[str, ...]


class ConfirmSchoolPage(View, frozen=True):
    """Code, street and phone are each confirmed, and the contacts chosen, before anything is sent."""

    template: ClassVar[str] = "shelter/confirm_school.html"
    action: str
    back_href: str
    child: str
    code: str
    name: str
    street: str
    town: str
    phone: str
    agreement: bool
    contacts: tuple[ContactOption, ...]
    form: FormState = EMPTY
    other_parent_at_school: bool = False


class PersonLine(Part, frozen=True):
    """A guardian: what about the authority was seen, by whom and when."""

    name: str
    capacity: str
    source: str
    contact_safe: bool
    seen_by: str = ""
    seen_on: date | None = None
    change_href: str = ""
    evidence_on: date | None = None
    """When the evidence itself was seen; `seen_on` is when that was recorded."""
    body: bool = False
    safety: Safety | None = None
    """This person's own; None while only the family as a whole was assessed."""
    safety_href: str = ""
    left_out: str = ""
    """Empty, or whether not contacting this person waits or is in force."""


class GuardianSaid(Part, frozen=True):
    """What one guardian said about one type; without authority it does not count."""

    name: str
    answer: Answer
    counts: bool


class AnswerState(Part, frozen=True):
    """The standing answer to one information type, and who said what when more than one is asked."""

    type_key: str
    label: str
    answer: Answer
    until: date | None = None
    explanation: str = ""
    said: tuple[GuardianSaid, ...] = ()
    why: str = ""
    """Whether the school gets it now, why, until when, and what would change that."""


class RelationshipCard(Part, frozen=True):
    """One child at one school on the family page; without a school only `choose_school_href` is used."""

    child: str
    birth_date: date
    choose_school_href: str
    school: str = ""
    contacts: tuple[str, ...] = ()
    agreement: bool = True
    answers: tuple[AnswerState, ...] = ()
    share_links: tuple[Option, ...] = ()
    """`value` is the address of the share form, `label` the type, `hint` why it cannot be shared now."""
    shared_by_school_href: str = ""
    written_href: str = ""
    contacts_href: str = ""
    end_href: str = ""
    plan_href: str = ""
    copied_href: str = ""
    emergency_href: str = ""
    signal_href: str = ""
    succession_href: str = ""
    """Empty unless this school goes on as another one."""
    first_contact_href: str = ""
    call_card_href: str = ""
    tell_itself_href: str = ""
    next_questions: int = 0
    change_href: str = ""
    """Where the child's name or birth date is corrected."""
    voice_href: str = ""
    """Where the child itself is asked."""
    timeline_href: str = ""
    letters_href: str = ""


class FamilyPage(View, frozen=True):
    """Everything of one family that its counsellor needs."""

    template: ClassVar[str] = "shelter/family.html"
    back_href: str
    safety: Safety
    safety_href: str
    secret_address: bool
    review_on: date | None
    guardians: tuple[PersonLine, ...]
    relationships: tuple[RelationshipCard, ...]
    tasks: tuple[TaskLine, ...]
    add_child_href: str
    add_guardian_href: str
    stops_href: str
    hand_over_href: str
    """Empty when the tablet cannot be handed over yet; `hand_over_blocked` then says why."""
    hand_over_blocked: str = ""
    substitute: bool = False
    authority_href: str = ""
    leave_out_href: str = ""
    end_href: str = ""
    """Empty when the guidance has ended already."""
    receipts_href: str = ""
    answers_href: str = ""
    """Where answers are passed on that were given away from the tablet."""
    to_confirm: tuple[ToConfirmLine, ...] = ()
    access_href: str = ""
    meetings_href: str = ""
    meldcode_href: str = ""
    requests_href: str = ""
    own_data_href: str = ""
    """Where a lost or stolen code of an own page is renewed."""


class SharePage(View, frozen=True):
    """Write one item of one type. `refused` is shown instead of a bypass when it may not be shared.

    `blocked` tells beforehand why it would be refused now; `about` are the guardians of whom one must
    be chosen for a type that is about that guardian.
    """

    template: ClassVar[str] = "shelter/share.html"
    action: str
    back_href: str
    child: str
    other_party: str
    type_key: str
    label: str
    step_token: str
    fields: tuple[ShareField, ...]
    explanation: str = ""
    attestations: tuple[Attestation, ...] = ()
    about: tuple[Option, ...] = ()
    blocked: RefusedPart | None = None
    refused: RefusedPart | None = None
    form: FormState = EMPTY


class SharedBySchoolPage(View, frozen=True):
    """What the school shared about one child; opening is a POST with a purpose, like for the school."""

    template: ClassVar[str] = "shelter/shared_by_school.html"
    action: str
    back_href: str
    child: str
    school: str
    purposes: tuple[str, ...]
    released: ReleasedPart | None = None


class WrittenLine(Part, frozen=True):
    """What this organisation wrote; `state` is a translated sentence, `retract_href` takes it back."""

    label: str
    written_at: datetime
    written_by: str
    state: str
    retract_href: str = ""


class WrittenPage(View, frozen=True):
    """What this organisation wrote about one child, without the content."""

    template: ClassVar[str] = "shelter/written.html"
    back_href: str
    child: str
    items: tuple[WrittenLine, ...]


class RetractPage(View, frozen=True):
    """Ask once more before an item is taken back: that cannot be undone."""

    template: ClassVar[str] = "shelter/retract.html"
    action: str
    back_href: str
    child: str
    school: str
    label: str
    written_at: datetime
    wrong_action: str = ""


class SubstitutePage(View, frozen=True):
    """A family of another counsellor opens only with a reason, which is logged."""

    template: ClassVar[str] = "shelter/substitute.html"
    action: str
    back_href: str
    form: FormState = EMPTY


class SetPinPage(View, frozen=True):
    """The PIN with which the counsellor takes the tablet back."""

    template: ClassVar[str] = "shelter/set_pin.html"
    action: str
    back_href: str
    form: FormState = EMPTY


class TasksPage(View, frozen=True):
    """All open tasks of this counsellor."""

    template: ClassVar[str] = "shelter/tasks.html"
    tasks: tuple[TaskLine, ...]
    back_href: str


class EndRelationshipPage(View, frozen=True):
    """Stop sharing about one child with one school."""

    template: ClassVar[str] = "shelter/end_relationship.html"
    action: str
    back_href: str
    child: str
    school: str
    form: FormState = EMPTY


class GivenAnswers(Part, frozen=True):
    """What was answered about one child at one school; `value` names relationship and type."""

    child: str
    school: str
    answers: tuple[Option, ...]


class PassOnPage(View, frozen=True):
    """Pass on what a guardian said: a withdrawal or an objection. Nothing ticked is nothing stopped."""

    template: ClassVar[str] = "shelter/pass_on.html"
    action: str
    back_href: str
    guardians: tuple[Option, ...]
    about: tuple[GivenAnswers, ...]
    form: FormState = EMPTY


class HandOverPage(View, frozen=True):
    """To which guardian the tablet goes, in which language, with which interpreter (never a child)."""

    template: ClassVar[str] = "shelter/hand_over.html"
    action: str
    back_href: str
    guardians: tuple[Option, ...]
    languages: tuple[Option, ...]
    form: FormState = EMPTY


class ApprovalLine(Part, frozen=True):
    """Something a colleague wrote that waits for a second person. No child is named."""

    label: str
    school: str
    written_at: datetime
    written_by: str
    action: str


class WaitingMarkerLine(Part, frozen=True):
    """A request not to contact a holder: who asked, when, and until when. No family is named."""

    asked_by: str
    asked_at: datetime
    review_on: date
    action: str


class WaitingMeetingLine(Part, frozen=True):
    """A driegesprek that a colleague proposed because of violence now. No family is named."""

    asked_by: str
    asked_at: datetime
    action: str


class ApprovalsPage(View, frozen=True):
    """What waits for approval by somebody else than who wrote or asked it."""

    template: ClassVar[str] = "shelter/approvals.html"
    back_href: str
    waiting: tuple[ApprovalLine, ...]
    form: FormState = EMPTY
    markers: tuple[WaitingMarkerLine, ...] = ()
    meetings: tuple[WaitingMeetingLine, ...] = ()
    emergencies: int = 0
    emergencies_href: str = ""
