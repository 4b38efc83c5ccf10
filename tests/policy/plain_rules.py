"""The rules of policies/README.md and of the truth table once more, in plain Python and in words.

Says of one type in a question what must come out: yes or no, the code that is named, every rule that decided
and whether anything was wrong with the question itself. Knows no Cedar; the ids of rules are all it shares
with the policies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from consent_service.information.model import Catalogue, InformationType
from consent_service.policy.facts import Question, TypeFacts

ROLES: Final = (
    "contact",
    "teacher",
    "director",
    "administration",
    "meldcode_officer",
    "counsellor",
    "holder",
)
VALUES: Final = {
    "level": ("O", "O+", "A9", "A10"),
    "direction": ("s2c", "c2s"),
    "child_answer": ("none", "yes", "no"),
    "voice": ("heard", "together", "alone"),
    "gate": ("closed", "open", "meanwhile"),
    "lapse": ("none", "expired", "outdated", "suspended", "restricted"),
}
READS: Final = {"school": "s2c", "guardian": "s2c", "shelter": "c2s"}
WRITES: Final = {"school": "c2s", "shelter": "s2c"}
NAMED_FIRST: Final = (
    "no_agreement", "not_active_contact", "not_assigned", "role_not_allowed", "wrong_direction",
    "direction_not_of_type", "role_may_not_read", "role_may_not_write", "purpose_not_of_type", "preview_only",
    "not_your_answer", "address_protected", "location_protected", "relationship_ended", "restricted",
    "suspended",
    "objection", "child_refused", "gate_closed", "authority_unknown", "text_changed", "consent_expired",
    "no_consent", "own_answer_missing", "holders_missing", "awaiting_child", "awaiting_young_person",
    "break_glass_ended", "second_person_missing", "one_thing_only", "second_approval_missing",
)  # fmt: skip
"""Of several causes the first of these is named."""


class Verdict(NamedTuple):
    """What must come out. `code` is the ground of a yes and the cause of a no."""

    allowed: bool
    code: str
    determining: tuple[str, ...] = ()
    error: bool = False
    obligations: tuple[str, ...] = ()


class Way(NamedTuple):
    """A way to a yes that this question is about, and what it takes, in order: each met or the cause."""

    rule: str
    ground: str
    takes: tuple[tuple[bool, str], ...]

    @property
    def missing(self) -> str:
        return next((cause for met, cause in self.takes if not met), "")


class Scene(NamedTuple):
    """One type of a question, and whether it is only shown or truly read."""

    asked: Question
    facts: TypeFacts
    kind: InformationType
    shown: bool

    @property
    def reading(self) -> bool:
        return self.asked.action == "release"

    @property
    def who(self) -> str:
        return self.asked.reader.kind

    @property
    def danger_ruled_out(self) -> bool:
        return self.asked.relationship.safety == "no_known_danger"

    @property
    def about_one_parent(self) -> bool:
        return self.kind.decided_by == "own_guardian"

    @property
    def young_person_decides(self) -> bool:
        return self.facts.voice == "alone"

    @property
    def outlives_a_birthday(self) -> bool:
        return self.facts.emergency or "continues_at_birthday" in self.kind.rules

    @property
    def child_goes_along(self) -> bool:
        return self.facts.voice == "heard" or self.facts.child_answer == "yes"


def verdict(asked: Question, facts: TypeFacts, catalogue: Catalogue, *, shown: bool) -> Verdict:
    """What must come out for one type of this question."""
    if not is_sound(asked):
        return Verdict(allowed=False, code="policy_error", error=True)
    kind = catalogue.types.get(facts.key)
    if kind is None:
        return Verdict(allowed=False, code="unknown_type", error=True)
    if any(getattr(facts, name) not in values for name, values in VALUES.items()):
        return Verdict(allowed=False, code="policy_error", error=True)
    scene = Scene(asked, facts, kind, shown)
    stops = {**dict(in_who_asks(scene)), **dict(in_the_family(scene)), **dict(in_what_was_said(scene))}
    ways = list(ways_to_yes(scene))
    open_ways = {way.rule: way.ground for way in ways if not way.missing}
    if stops or not open_ways:
        causes = {*stops.values(), *(way.missing for way in ways)}
        first = next((code for code in NAMED_FIRST if code in causes), "not_permitted")
        return Verdict(allowed=False, code=first, determining=tuple(sorted(stops)))
    rules = tuple(sorted(open_ways))
    duties = ("officer_review",) if asked.basis == "vital_interest" else ()
    return Verdict(allowed=True, code=open_ways[rules[0]], determining=rules, obligations=duties)


def is_sound(asked: Question) -> bool:
    """Nobody asks with a role, a purpose, a ground, an action or a safety that does not exist."""
    return (
        asked.reader.role in ROLES
        and asked.purpose in ("contact", "support", "meeting", "attendance", "safety", "transition")
        and asked.basis in ("consent", "vital_interest")
        and asked.action in ("release", "share")
        and asked.relationship.safety in ("not_assessed", "no_known_danger", "danger")
    )


def in_who_asks(scene: Scene) -> Iterator[tuple[str, str]]:
    """Every rule against the one who asks, whatever the family decided."""
    about, role, kind = scene.asked.relationship, scene.asked.reader.role, scene.kind
    if not about.agreement_valid:
        yield "access.agreement", "no_agreement"
    if scene.who == "school" and not about.active_contact:
        yield "access.contact", "not_active_contact"
    if scene.who == "shelter" and not about.assigned:
        yield "access.assigned", "not_assigned"
    if {"shelter": "counsellor", "guardian": "holder"}.get(scene.who, role) != role:
        yield "access.role", "role_not_allowed"
    if (READS if scene.reading else WRITES).get(scene.who) != scene.facts.direction:
        yield f"{scene.asked.action}.direction", "wrong_direction"
    if scene.facts.direction not in kind.directions:
        yield "access.direction", "direction_not_of_type"
    if scene.who == "school" and scene.reading and role not in kind.readers:
        yield "release.school_role", "role_may_not_read"
    if scene.who == "school" and not scene.reading and role not in kind.writers:
        yield "share.school_role", "role_may_not_write"
    if scene.asked.purpose not in kind.purposes:
        yield "access.purpose", "purpose_not_of_type"
    if scene.who == "guardian" and scene.reading and not scene.shown:
        yield "release.guardian_preview", "preview_only"


def in_the_family(scene: Scene) -> Iterator[tuple[str, str]]:
    """What no ground and nobody's yes overrides."""
    about, facts = scene.asked.relationship, scene.facts
    if scene.who == "guardian" and scene.reading and not facts.own_yes:
        yield "release.guardian_own", "not_your_answer"
    if scene.kind.key == "postal_address" and (about.secret_address or not scene.danger_ruled_out):
        yield "safety.address", "address_protected"
    if scene.kind.locating and not scene.danger_ruled_out:
        yield "safety.location", "location_protected"
    if not about.active:
        yield "access.relationship", "relationship_ended"
    watched = scene.kind.second_approver or facts.level == "A10"
    if scene.reading and watched and not facts.second_approved:
        yield "release.second_approval", "second_approval_missing"


def in_what_was_said(scene: Scene) -> Iterator[tuple[str, str]]:
    """What stops permission; a life that may depend on it does not ask for permission."""
    facts = scene.facts
    if scene.asked.basis != "consent":
        return
    lapsed = {
        "restricted": ("consent.restricted", "restricted"),
        "suspended": ("consent.suspended", "suspended"),
        "outdated": ("consent.outdated", "text_changed"),
        "expired": ("consent.expired", "consent_expired"),
    }
    if facts.lapse in lapsed:
        yield lapsed[facts.lapse]
    if facts.objecting > 0 and not scene.about_one_parent and not scene.young_person_decides:
        yield "consent.objection", "objection"
    if facts.child_answer == "no":
        yield "consent.child_refused", "child_refused"
    if is_behind_the_gate(scene):
        yield "consent.gate", "gate_closed"
    if is_waiting_for_papers(scene):
        yield "consent.authority_unknown", "authority_unknown"


def is_behind_the_gate(scene: Scene) -> bool:
    """To the school nothing goes while it may not know of the help; some things go on after a birthday."""
    if scene.facts.direction == "c2s" or scene.kind.gate or scene.kind.exempt_from_gate:
        return False
    enough = {"open", "meanwhile"} if scene.outlives_a_birthday else {"open"}
    return scene.facts.gate not in enough


def is_waiting_for_papers(scene: Scene) -> bool:
    """Special categories, criminal risk and what all decide wait until it is known who decides.

    Not an emergency, and not what a young person decides alone.
    """
    if scene.facts.authority_known or scene.facts.emergency:
        return False
    if scene.young_person_decides and not scene.about_one_parent:
        return False
    return scene.facts.level in ("A9", "A10") or scene.kind.decided_by == "all_holders"


def ways_to_yes(scene: Scene) -> Iterator[Way]:
    """Every ground that this question is about, whether it is enough or not."""
    if scene.asked.basis == "vital_interest":
        yield from of_life_and_death(scene)
        return
    facts = scene.facts
    if scene.about_one_parent:
        takes = ((facts.own_yes, "own_answer_missing"),)
        yield Way("consent.own_guardian", "yes_of_own_guardian", takes)
    elif scene.young_person_decides:
        takes = ((facts.child_answer == "yes", "awaiting_young_person"),)
        yield Way("consent.young_person", "yes_of_young_person", takes)
    else:
        yield from of_the_parents(scene)
    somebody = (facts.yes > 0, "no_consent")
    if facts.emergency and not scene.young_person_decides:
        yield Way("consent.emergency", "yes_for_emergency", (somebody,))
    unasked = facts.voice != "heard" and facts.child_answer == "none"
    if scene.outlives_a_birthday and unasked and facts.earlier_yes > 0 and facts.objecting == 0:
        yield Way("consent.meanwhile", "goes_on_meanwhile", ())


def of_the_parents(scene: Scene) -> Iterator[Way]:
    """One of them, or all of them where the law asks more; and the child from when it has a say."""
    facts = scene.facts
    somebody, child = (facts.yes > 0, "no_consent"), (scene.child_goes_along, "awaiting_child")
    everybody = (facts.yes + facts.excused == facts.holders, "holders_missing")
    one_is_enough = scene.kind.decided_by == "one_holder"
    if one_is_enough and facts.level == "A10":
        yield Way("consent.criminal", "yes_with_second_approver", (somebody, child))
    elif one_is_enough and facts.level in ("O", "O+"):
        rule = ("ordinary", "yes_of_holder") if facts.authority_known else ("provisional", "yes_provisional")
        yield Way(f"consent.{rule[0]}", rule[1], (somebody, child))
    elif not facts.emergency:
        yield Way("consent.all_holders", "yes_of_all_holders", (somebody, everybody, child))


def of_life_and_death(scene: Scene) -> Iterator[Way]:
    """To a school that reads, and nobody else: running, by two persons, and one thing only."""
    about = scene.asked.relationship
    things = {facts.key for facts in scene.asked.types}
    if scene.who == "school" and scene.reading:
        yield Way(
            "break_glass.vital_interest",
            "vital_interest",
            (
                (about.break_glass_running, "break_glass_ended"),
                (about.break_glass_persons >= 2, "second_person_missing"),
                (len(things) == 1, "one_thing_only"),
            ),
        )
