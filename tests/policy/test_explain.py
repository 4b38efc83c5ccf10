from __future__ import annotations

import re

import msgspec
import pytest

from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.ids import TypeKey
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import Allowance, Refusal
from consent_service.policy.explain import Audience, is_told_to_school, sentence

FAMILY = (
    "policy_error", "not_your_answer", "address_protected", "location_protected", "relationship_ended",
    "restricted",
    "suspended", "objection", "child_refused", "gate_closed", "authority_unknown", "consent_expired",
    "text_changed", "no_consent", "own_answer_missing", "holders_missing", "awaiting_child",
    "awaiting_young_person", "second_approval_missing", "break_glass_ended", "second_person_missing",
    "one_thing_only", "duty_not_possible", "not_permitted",
)  # fmt: skip
SELF = (
    "unknown_type", "no_agreement", "not_active_contact", "not_assigned", "role_not_allowed",
    "wrong_direction", "direction_not_of_type", "role_may_not_read", "role_may_not_write",
    "purpose_not_of_type", "preview_only",
)  # fmt: skip
EVERY_GUARDIAN = (*SELF, "not_your_answer")


def refused(code: str) -> Refusal:
    return Refusal(TypeKey("pickup"), code)


def allowed(code: str) -> Allowance:
    return Allowance(TypeKey("pickup"), code, ())


@pytest.mark.parametrize("language, expected", [("nl", "Niet beschikbaar."), ("en", "Not available.")])
def test_a_school_reads_one_sentence_for_every_cause_in_the_family(
    bundle: Bundle, language: str, expected: str
) -> None:
    read = {sentence(bundle, refused(code), audience="school", language=language) for code in FAMILY}
    assert read == {expected}


def test_a_school_reads_each_cause_in_itself(bundle: Bundle) -> None:
    read = [sentence(bundle, refused(code), audience="school", language="nl") for code in SELF]
    assert len(set(read)) == len(SELF)
    assert "Niet beschikbaar." not in read


def test_the_classes_of_causes_are_exactly_these(bundle: Bundle) -> None:
    assert {cause.code for cause in bundle.causes.causes if cause.about == "family"} == set(FAMILY)
    assert {cause.code for cause in bundle.causes.causes if cause.about == "self"} == set(SELF)
    assert {cause.code for cause in bundle.causes.causes if cause.every_guardian} == set(EVERY_GUARDIAN)


def test_a_code_nobody_knows_is_not_available_to_a_school(bundle: Bundle) -> None:
    strange = refused("code_of_a_later_bundle")
    assert sentence(bundle, strange, audience="school", language="nl") == "Niet beschikbaar."
    assert not is_told_to_school(bundle, strange)
    assert sentence(bundle, strange, audience="officer", language="nl") == "Geen regel staat dit toe."


def test_another_guardian_reads_no_safety_reason_and_nobody_elses_choice(bundle: Bundle) -> None:
    hidden = [code for code in FAMILY if code not in EVERY_GUARDIAN]
    read = {sentence(bundle, refused(code), audience="guardian", language="nl") for code in hidden}
    assert read == {"Dit wordt nu niet gedeeld."}


def test_another_guardian_reads_what_is_about_the_own_answer(bundle: Bundle) -> None:
    read = sentence(bundle, refused("not_your_answer"), audience="guardian", language="nl")
    assert read == "U hebt hier zelf geen ja op gezegd."


@pytest.mark.parametrize("audience", ["counsellor", "officer", "protected_guardian"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_who_protects_reads_every_cause_apart(bundle: Bundle, audience: Audience, language: str) -> None:
    read = {sentence(bundle, refused(code), audience=audience, language=language) for code in FAMILY}
    assert len(read) == len(FAMILY)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_on_which_ground_something_is_shared_is_not_for_school_or_another_guardian(
    bundle: Bundle, language: str
) -> None:
    for audience in ("school", "guardian"):
        read = {
            sentence(bundle, allowed(ground), audience=audience, language=language)
            for ground in bundle.causes.grounds
        }
        assert len(read) == 1


@pytest.mark.parametrize("audience", ["counsellor", "officer", "protected_guardian"])
def test_who_protects_reads_on_which_ground_something_is_shared(bundle: Bundle, audience: Audience) -> None:
    grounds = bundle.causes.grounds
    read = {sentence(bundle, allowed(ground), audience=audience, language="en") for ground in grounds}
    assert len(read) == len(grounds)


def test_a_language_without_reasons_is_a_configuration_error(bundle: Bundle) -> None:
    with pytest.raises(ConfigurationError, match=r"xx\.toml"):
        sentence(bundle, refused("objection"), audience="school", language="xx")


# Words that tell of danger, of what a life depended on, or of somebody else's choice.
TELLING = {
    "nl": (
        r"veilig|gevaar|adres|waar u bent|nood|leven|bezwaar|weiger|andere ouder|iedereen|uw kind"
        r"|mee beslist|twee mensen"
    ),
    "en": (
        r"safe|danger|address|where you are|emergenc|life|object|refus|other parent|everybody|your child"
        r"|also decides|two of us"
    ),
}


def readable(bundle: Bundle, audience: Audience, language: str) -> set[str]:
    """Every sentence about a yes or a no that this audience can ever get."""
    answers: list[Refusal | Allowance] = [refused(cause.code) for cause in bundle.causes.causes]
    answers += [allowed(ground) for ground in bundle.causes.grounds]
    return {sentence(bundle, answer, audience=audience, language=language) for answer in answers}


def telling(bundle: Bundle, audience: Audience, language: str) -> set[str]:
    words = re.compile(TELLING[language], re.IGNORECASE)
    return {said for said in readable(bundle, audience, language) if words.search(said)}


@pytest.mark.parametrize("language", sorted(TELLING))
@pytest.mark.parametrize("audience", ["school", "guardian"])
def test_nothing_such_an_audience_can_read_tells_of_danger_or_of_anothers_choice(
    bundle: Bundle, audience: Audience, language: str
) -> None:
    assert telling(bundle, audience, language) == set()


@pytest.mark.parametrize("language", sorted(TELLING))
def test_who_is_in_danger_does_read_it(bundle: Bundle, language: str) -> None:
    assert len(telling(bundle, "protected_guardian", language)) > 5


@pytest.mark.parametrize("code", ["address_protected", "location_protected", "objection"])
@pytest.mark.parametrize("language", sorted(TELLING))
def test_a_cause_that_every_guardian_would_be_told_is_found(bundle: Bundle, code: str, language: str) -> None:
    causes = tuple(
        msgspec.structs.replace(cause, every_guardian=True) if cause.code == code else cause
        for cause in bundle.causes.causes
    )
    planted = msgspec.structs.replace(bundle, causes=msgspec.structs.replace(bundle.causes, causes=causes))
    assert len(telling(planted, "guardian", language)) == 1


def test_break_glass_is_one_neutral_sentence_to_whoever_may_not_know(bundle: Bundle) -> None:
    codes = ("break_glass_ended", "second_person_missing", "one_thing_only", "duty_not_possible")
    for audience, neutral in (("school", "Niet beschikbaar."), ("guardian", "Dit wordt nu niet gedeeld.")):
        for code in codes:
            read = sentence(bundle, refused(code), audience=audience, language="nl")  # type: ignore[arg-type]
            assert read == neutral
