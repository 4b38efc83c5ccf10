"""Families as values, and the rules on authority, safety and age. Pure; `day` and `now` are arguments."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

import msgspec

from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, SchoolId, StaffId, TenantId
from consent_service.organisations.model import School, is_phone

AuthorityKind = Literal["holder", "voogd", "court_order", "gezinsvoogd", "none"]
"""`holder` parent with parental authority; `voogd` guardian, a person or a body, who replaces the parents
(BW 1:280); `court_order` decides in the parents' place for as long as a court said (BW 1:265e);
`gezinsvoogd` supervises, while the parents keep their authority (BW 1:255); `none` no authority."""
REPLACES_PARENTS: frozenset[AuthorityKind] = frozenset({"voogd", "court_order"})
NO_AUTHORITY: frozenset[AuthorityKind] = frozenset({"gezinsvoogd", "none"})
AuthoritySource = Literal["register", "marriage", "judgment", "abroad", "statement"]
SafetyLevel = Literal["not_assessed", "no_known_danger", "danger"]
ChildVoice = Literal["heard", "together", "alone"]
"""What a child's answer is by age: heard (a no pauses), decides along with the holders, decides alone."""
EndReason = Literal["moved_out", "changed_school", "not_our_pupil", "night_departure"]

_NEVER = datetime.max.replace(tzinfo=UTC)


class Ages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which age (years) a child decides along, and from which alone. Set in the policies."""

    together_from: int
    alone_from: int


class PersonIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who a person is; sealed as a whole under the person's key. Contact data only if declared safe."""

    given_names: str
    family_name: str
    birth_date: date | None = None
    phone: str = ""
    email: str = ""

    @property
    def full_name(self) -> str:
        """Given names and family name."""
        return f"{self.given_names} {self.family_name}".strip()


class NewGuardian(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered for one guardian, with what the authority rests on."""

    identity: PersonIdentity
    authority: AuthorityKind | None
    """None: not known yet. That is provisional for ordinary types, and blocks special categories."""
    source: AuthoritySource | None = None
    seen_on: date | None = None
    body: bool = False
    """An organisation, such as a certified institution for youth protection, instead of a person."""


class NewFamily(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered to register a family."""

    guardians: tuple[NewGuardian, ...]
    children: tuple[PersonIdentity, ...]


class AuthorityFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One dated statement on one guardian's authority over one child; which one counts: `taking_over`."""

    child: PersonId
    guardian: PersonId
    kind: AuthorityKind
    source: AuthoritySource
    valid_from: date
    valid_until: date | None
    recorded_at: datetime
    seen_on: date | None = None
    jointly: bool = False
    """A voogd together with another one (BW 1:282)."""


class NewAuthority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered about a guardian's authority: what it is, what was seen, from when to when.

    From `valid_until` on it does not hold any more. `seen_on` is when the evidence was seen.
    """

    kind: AuthorityKind
    source: AuthoritySource
    valid_from: date
    valid_until: date | None = None
    seen_on: date | None = None
    jointly: bool = False
    keeps_later: bool = False
    """Whoever enters this knows of what was recorded earlier and begins later: that still takes over."""


class SafetyAssessment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The *Veiligheid* step. `not_assessed` behaves as danger everywhere."""

    level: SafetyLevel
    secret_address: bool
    other_parent_at_school: bool
    court_order_until: date | None
    review_on: date | None
    guardian: PersonId | None = None
    """Whose danger was assessed; None: that of the family as a whole."""


class SafetyMarker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`other_holder_not_contacted: safety`: one holder is left out, once a second person approved it."""

    marker: str
    guardian: PersonId
    requested_by: StaffId
    requested_at: datetime
    review_on: date
    approved: bool | None = None
    decided_by: StaffId | None = None
    ended_at: datetime | None = None

    def is_in_force(self, day: date) -> bool:
        """Approved, not ended, and looked at again in time; whether it counts: `markers_in_force`."""
        return bool(self.approved) and self.ended_at is None and day <= self.review_on

    def is_open(self, day: date) -> bool:
        """Waiting for the second person, or in force."""
        return (self.approved is None and self.ended_at is None) or self.is_in_force(day)


IncompetenceReason = Literal[
    "does_not_understand", "disability", "too_upset", "under_pressure", "expert_advice"
]
"""Why somebody judged that a child cannot weigh this itself, as yet or for now."""


class Competence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether somebody judged that a child can weigh this itself; the latest judgement counts."""

    child: PersonId
    competent: bool
    recorded_at: datetime


YOUNGEST_GUARDIAN = 16
"""Years; a younger parent has no authority of her own (BW 1:253ha asks a court from 16 on)."""
LONGEST_MARKER = timedelta(days=92)
"""Three months: how long a holder is left out before somebody looks at it again (assumed)."""
NOT_ASSESSED = SafetyAssessment("not_assessed", True, False, None, None)
"""What counts until somebody has assessed: the address is treated as secret."""


class Child(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A child with opened identity."""

    child: PersonId
    family: FamilyId
    identity: PersonIdentity


class Guardian(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A guardian with opened identity."""

    guardian: PersonId
    family: FamilyId
    identity: PersonIdentity
    body: bool = False


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member of school staff on a relationship's contact list; `deputy_for` names whom he stands in for.

    confirmed_at: when somebody last said that this is a contact still; None where it is supposed so.
    away_until: the last day of an absence that was told. weekdays: on which this person works, Monday is 0;
    empty when that is not known. Who of a list reads is `families.listing`.
    """

    staff: StaffId
    deputy_for: StaffId | None
    starts_at: datetime
    ends_at: datetime | None
    confirmed_at: datetime | None = None
    away_until: date | None = None
    weekdays: frozenset[int] = frozenset()


class Relationship(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One child at one school."""

    tenant: TenantId
    relationship: RelationshipId
    child: PersonId
    family: FamilyId
    school: SchoolId
    started_at: datetime
    ended_at: datetime | None
    ends_at: datetime | None = None  # by a plan, also while nobody carried it out
    aftercare_from: datetime | None = None
    transition_held: bool = False  # nothing about moving: another holder was not heard (S39)

    def is_active(self, now: datetime) -> bool:
        """Begun and not ended."""
        return self.started_at <= now < min(self.ended_at or _NEVER, self.ends_at or _NEVER)


class SchoolConfirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the counsellor read out to the parent and confirmed: schools may share a name (S49)."""

    establishment_code: str
    street: str
    phone: str
    despite_other_parent: bool = False  # talked over, as that parent is known at the school


class FamilyView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A family as its own counsellor sees it."""

    tenant: TenantId
    family: FamilyId
    children: tuple[Child, ...]
    guardians: tuple[Guardian, ...]
    relationships: tuple[Relationship, ...]
    authority: tuple[AuthorityFact, ...]
    safety: SafetyAssessment
    """What counts: the worst of `assessments`, the newest of the family and of each guardian."""
    contacts: dict[RelationshipId, tuple[Contact, ...]]
    ended_at: datetime | None
    assessments: tuple[SafetyAssessment, ...] = ()
    markers: tuple[SafetyMarker, ...] = ()
    competence: tuple[Competence, ...] = ()


class Authority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who decides for a child on one day.

    `deciders` have authority, or may have it as long as nothing says otherwise; `known` is False when
    any of them rests on no recorded fact. `without` are those known to have no authority. `by_court`:
    the deciders are guardians appointed by a court, who replace the parents.
    """

    deciders: tuple[PersonId, ...]
    known: bool
    without: tuple[PersonId, ...]
    by_court: bool = False


_WORST_FIRST: tuple[SafetyLevel, ...] = ("danger", "not_assessed", "no_known_danger")


def safety_of(assessments: Iterable[SafetyAssessment]) -> SafetyAssessment:
    """What counts for a family: the worst of its own newest assessment and of each guardian's newest.

    `assessments` in the order they were recorded. Without one of the family as a whole nothing is assessed.
    """
    newest = {one.guardian: one for one in assessments}
    family = newest.pop(None, NOT_ASSESSED)
    standing = [family, *newest.values()]
    return SafetyAssessment(
        level=min((one.level for one in standing), key=_WORST_FIRST.index),
        secret_address=any(one.secret_address for one in standing),
        other_parent_at_school=family.other_parent_at_school,
        court_order_until=family.court_order_until,
        review_on=family.review_on,
    )


def protected_of(assessments: Iterable[SafetyAssessment]) -> frozenset[PersonId]:
    """The one guardian who is in danger, by the own newest assessment; of several nobody is.

    Each may say it of the other, and who reads as the protected one reads the other's choices.
    """
    newest = {one.guardian: one.level for one in assessments}
    found = frozenset(who for who, level in newest.items() if who is not None and level == "danger")
    return found if len(found) == 1 else frozenset()


def is_shown(
    guardian: PersonId,
    *,
    guardians: Collection[PersonId],
    safety: SafetyLevel,
    protected: Collection[PersonId],
    at_tablet: bool = False,
) -> bool:
    """Whether this guardian is shown child and school without a person in between.

    Until danger is ruled out only the one who is in danger is, or who is the only one registered. At the
    tablet a person is there, who handed it over: there everybody is, unless somebody else is in danger.
    """
    if safety == "no_known_danger" or set(guardians) <= {guardian} or guardian in protected:
        return True
    return at_tablet and not protected


def markers_in_force(
    markers: Iterable[SafetyMarker], safety: SafetyLevel, day: date
) -> tuple[SafetyMarker, ...]:
    """Who is not contacted now; `safety` is what counts for the family (`safety_of`).

    None once danger was ruled out: nothing but danger lets anybody be left out (AVG 9).
    """
    if safety == "no_known_danger":
        return ()
    return tuple(one for one in markers if one.is_in_force(day))


def is_left_out(
    guardian: PersonId, markers: Iterable[SafetyMarker], day: date, *, safety: SafetyLevel
) -> bool:
    """Whether somebody asked, or it was approved, that this guardian is not contacted.

    As with `markers_in_force`, nobody is once danger was ruled out.
    """
    if safety == "no_known_danger":
        return False
    return any(one.guardian == guardian and one.is_open(day) for one in markers)


def authority_on(day: date, guardians: Iterable[PersonId], facts: Iterable[AuthorityFact]) -> Authority:
    """Who decides on `day`: who replaces the parents does; an unrecorded guardian counts provisionally.

    Of the facts about a guardian that have begun, the one that took over last counts: see `taking_over`.
    When its period is over, authority it gave is gone and nothing older revives; what it denied is
    unknown again. Who only supervised decides no more after it than before.
    Source: BW 1:245, 1:253i.
    """
    latest: dict[PersonId, AuthorityKind | None] = {}
    for fact in sorted(facts, key=taking_over):
        if fact.valid_from <= day:
            latest[fact.guardian] = _kind_on(day, fact)
    everyone = tuple(dict.fromkeys(guardians))
    instead = tuple(g for g in everyone if latest.get(g) in REPLACES_PARENTS)
    if instead:
        return Authority(instead, True, tuple(g for g in everyone if g not in instead), by_court=True)
    without = tuple(g for g in everyone if latest.get(g) in NO_AUTHORITY)
    deciders = tuple(g for g in everyone if g not in without)
    return Authority(deciders, bool(deciders) and all(latest.get(g) for g in deciders), without)


def taking_over(fact: AuthorityFact) -> tuple[datetime, datetime, int]:
    """The order in which facts take over: a fact does when it has both been recorded and begun.

    So a judgment that was entered ahead takes over on its day, whatever was seen meanwhile of how things
    were until then. What is wrong is corrected by what is recorded later: about now at once, about a day
    to come with a fact from that same day. Of two at one moment, the one that gives less has the last word.
    """
    begins = max(local_midnight(fact.valid_from), fact.recorded_at)
    return begins, fact.recorded_at, get_args(AuthorityKind).index(fact.kind)


def _kind_on(day: date, fact: AuthorityFact) -> AuthorityKind | None:
    if fact.valid_until is None or day < fact.valid_until:
        return fact.kind
    return None if fact.kind == "none" else "none"


def age_on(birth_date: date, day: date) -> int:
    """Whole years on `day`; born on 29 February one is a year older on 1 March."""
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return day.year - birth_date.year - (0 if had_birthday else 1)


def voice_on(birth_date: date, day: date, ages: Ages, *, competent: bool = True) -> ChildVoice:
    """What the child's answer is on `day`; a child judged not able to weigh it is heard (UAVG 5, assumed)."""
    age = age_on(birth_date, day)
    if age < ages.together_from or not competent:
        return "heard"
    return "together" if age < ages.alone_from else "alone"


def is_competent(judgements: Iterable[Competence]) -> bool:
    """The latest judgement counts; a child is taken to be able to weigh it until somebody judged not."""
    latest = max(judgements, key=lambda one: one.recorded_at, default=None)
    return latest is None or latest.competent


def birthday_on(birth_date: date, age: int) -> date:
    """The day on which somebody born on `birth_date` becomes `age` years old."""
    year = birth_date.year + age
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def check_identity(identity: PersonIdentity, prefix: str, *, day: date, child: bool) -> list[Problem]:
    """Everything wrong with who somebody is said to be; fields are `prefix` + name."""
    problems = [
        Problem(prefix + field, "required" if not value.strip() else "too_long", {"max": "120"})
        for field, value in (
            ("given_names", identity.given_names),
            ("family_name", identity.family_name),
        )
        if not value.strip() or len(value) > 120
    ]
    problems += [
        Problem(prefix + field, "name_has_digits")
        for field in ("given_names", "family_name")
        if any(letter.isdigit() for letter in getattr(identity, field))
    ]
    if identity.birth_date is None:
        if child:
            problems.append(Problem(prefix + "birth_date", "required"))
    elif identity.birth_date > day:
        problems.append(Problem(prefix + "birth_date", "birth_date_future"))
    elif child and age_on(identity.birth_date, day) >= 18:
        problems.append(Problem(prefix + "birth_date", "birth_date_adult"))
    elif not child and age_on(identity.birth_date, day) < YOUNGEST_GUARDIAN:
        problems.append(Problem(prefix + "birth_date", "birth_date_child"))
    return [*problems, *_reach_problems(identity, prefix)]


def check_body(identity: PersonIdentity, prefix: str) -> list[Problem]:
    """What is wrong with an organisation: it has one name, ways to reach it, and no birth date."""
    problems = []
    if not identity.family_name.strip():
        problems.append(Problem(prefix + "family_name", "required"))
    elif len(identity.full_name) > 120:
        problems.append(Problem(prefix + "family_name", "too_long", {"max": "120"}))
    if identity.birth_date is not None:
        problems.append(Problem(prefix + "birth_date", "body_has_no_birth_date"))
    return [*problems, *_reach_problems(identity, prefix)]


def check_confirmation(confirmed: SchoolConfirmation, school: School | None) -> tuple[Problem, ...]:
    """Code, street and phone must all be the school's own before anything may be sent (S49)."""
    if school is None:
        return (Problem("establishment_code", "school_unknown"),)
    problems = []
    if _same(confirmed.street) != _same(school.street):
        problems.append(Problem("street", "school_street_differs"))
    if _digits(confirmed.phone) != _digits(school.phone):
        problems.append(Problem("phone", "school_phone_differs"))
    return tuple(problems)


def check_other_parent(confirmed: SchoolConfirmation, safety: SafetyAssessment) -> tuple[Problem, ...]:
    """Where the other parent knows the school or works there, going on is confirmed once more."""
    if safety.other_parent_at_school and not confirmed.despite_other_parent:
        return (Problem("despite_other_parent", "other_parent_at_school"),)
    return ()


def check_safety(assessment: SafetyAssessment, *, day: date) -> tuple[Problem, ...]:
    """An assessment is reviewed within a year; a court order that is over is not entered."""
    if assessment.level == "not_assessed":
        return ()
    if assessment.review_on is None:
        return (Problem("review_on", "required"),)
    problems = []
    if assessment.review_on <= day:
        problems.append(Problem("review_on", "date_past"))
    elif assessment.review_on > day + timedelta(days=366):
        problems.append(Problem("review_on", "review_too_far"))
    if assessment.court_order_until is not None and assessment.court_order_until < day:
        problems.append(Problem("court_order_until", "court_order_past"))
    return tuple(problems)


def check_marker(*, review_on: date | None, safety: SafetyAssessment, day: date) -> tuple[Problem, ...]:
    """Leaving a holder out needs a danger that was not ruled out, and is looked at again within months."""
    problems = []
    if safety.level == "no_known_danger":
        problems.append(Problem("guardian", "marker_without_danger"))
    if review_on is None:
        problems.append(Problem("review_on", "required"))
    elif review_on <= day:
        problems.append(Problem("review_on", "date_past"))
    elif review_on > day + LONGEST_MARKER:
        problems.append(Problem("review_on", "marker_too_long"))
    return tuple(problems)


def _reach_problems(identity: PersonIdentity, prefix: str) -> list[Problem]:
    problems = []
    if identity.phone and not is_phone(identity.phone):
        problems.append(Problem(prefix + "phone", "phone_form"))
    if identity.email and not _looks_like_mail(identity.email):
        problems.append(Problem(prefix + "email", "email_form"))
    return problems


def _looks_like_mail(entered: str) -> bool:
    local, at, domain = entered.strip().partition("@")
    return bool(local and at and "." in domain.strip(".") and " " not in entered.strip())


def _same(text: str) -> str:
    return " ".join(text.casefold().replace(".", " ").split())


def _digits(text: str) -> str:
    digits = "".join(letter for letter in text if letter.isdigit())
    return digits.removeprefix("0031").removeprefix("31").lstrip("0")
