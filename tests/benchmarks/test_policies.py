"""What `make bench-policies` compares is the same decision, and its 150 policies are policies of our kind."""

from __future__ import annotations

import cedarpy
import msgspec
import pytest

from benchmarks import policies
from benchmarks.pairs import Ratio
from consent_service.foundation.ids import TypeKey
from consent_service.information.catalogue import load_catalogue
from consent_service.policy.bundle import load_bundle, with_policies
from consent_service.policy.decision import judge
from tests.policy.chance import Chance


def test_a_grown_bundle_decides_as_the_real_one() -> None:
    """A copy about one type adds itself to the policies that decide, and changes no answer."""
    catalogue = load_catalogue(policies.POLICIES)
    bundle = load_bundle(policies.POLICIES, catalogue=catalogue)
    grown = with_policies(bundle, policies.grown(bundle, policies.MANY))
    chance = Chance(catalogue, seed=150)
    assert len(grown.source) == 150
    for _ in range(300):
        asked, shown = chance.question()
        real, other = (judge(one, asked, preview=shown) for one in (bundle, grown))
        assert [(type(one), one.type, one.code) for one in real] == [
            (type(one), one.type, one.code) for one in other
        ]
        assert all(set(one.determining) <= set(two.determining) for one, two in zip(real, other, strict=True))


def test_both_sides_are_asked_the_same_and_something_else_is_noticed() -> None:
    catalogue = policies.everything_for_support(load_catalogue(policies.POLICIES))
    bundle = load_bundle(policies.POLICIES, catalogue=catalogue)
    allowed = policies.prepared(bundle, catalogue, [TypeKey("support_advice")], yes=2)
    refused = policies.prepared(bundle, catalogue, [TypeKey("support_advice")], yes=0)
    assert allowed.bare() == allowed.loop() == [True]
    assert refused.bare() == refused.loop() == [False]
    with pytest.raises(AssertionError):
        policies.one_decision(refused)


def test_the_strings_are_the_policies_that_decide_and_nothing_else() -> None:
    """What is proved about the policies is written in Cedar too, and not handed to the engine."""
    bundle = load_bundle(policies.POLICIES, catalogue=load_catalogue(policies.POLICIES))
    read = msgspec.json.decode(cedarpy.policies_to_json_str(policies.text_of(bundle)))["staticPolicies"]
    assert sorted(one["annotations"]["id"] for one in read.values()) == sorted(bundle.source)
    files = [path.read_text(encoding="utf-8") for path in policies.POLICIES.rglob("*.cedar")]
    assert sum(text.count("@id(") for text in files) > len(bundle.source)


def test_every_number_of_the_issue_has_its_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without measuring: everything takes as long as everything else, which misses one target of six."""
    monkeypatch.setattr(policies, "ratio_of", lambda *_, **__: Ratio(1.0, 1.0, 1))
    assert policies.main() == 1
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert [(row[2], row[3].split("   ")[0]) for row in rows] == [
        ("<= 3.0x", "yes"),
        ("<= 1.3x", "yes"),
        ("-", "for information"),
        ("<= 0.1x", "NO"),
        ("<= 2.5x", "yes"),
        ("<= 2.5x", "yes"),
        ("<= 2.5x", "yes"),
    ]
