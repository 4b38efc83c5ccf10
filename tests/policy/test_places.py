"""Each policy is found where it stands, whatever its strings and comments look like."""

from __future__ import annotations

from consent_service.policy.bundle import Bundle
from consent_service.policy.places import Place, line_of, policy_places
from tests.policy.questions import POLICIES

TEXT = """// A file about things.

// Why it is so; a semicolon here ends nothing.
// Second line.
@id("a.one")
@reason("x // no comment; really")
permit (principal, action, resource);

// Not about the next one.

@id("a.two") forbid (principal, action, resource)
when { true } ; // after it; on its line
forbid (principal, action, resource);
"""


def test_a_policy_stands_where_its_first_line_is_with_the_comment_right_above() -> None:
    places = dict(policy_places("a/things.cedar", TEXT))
    one, two, nameless = places["a.one"], places["a.two"], places[""]
    assert (str(one), one.comment) == (
        "a/things.cedar:5",
        "Why it is so; a semicolon here ends nothing. Second line.",
    )
    assert one.text.startswith('@id("a.one")')
    assert one.text.endswith("resource);")
    assert (two.line, two.comment) == (11, "")
    assert (nameless.line, nameless.text) == (13, "forbid (principal, action, resource);")


def test_an_id_in_a_comment_is_no_id() -> None:
    text = '@reason("x")\n// @id("a.old")\n@id("a.new")\npermit (principal, action, resource);'
    assert [identifier for identifier, _ in policy_places("f", text)] == ["a.new"]


def test_text_without_a_policy_has_no_places() -> None:
    assert list(policy_places("f", "// nothing; here\n")) == []


def test_every_policy_of_the_bundle_has_its_place_and_its_own_text(bundle: Bundle) -> None:
    assert bundle.places.keys() == bundle.source.keys()
    for identifier, place in bundle.places.items():
        lines = (POLICIES / place.file).read_text(encoding="utf-8").splitlines()
        assert lines[place.line - 1].startswith(f'@id("{identifier}")')
        assert place.text.endswith(";")
    assert bundle.places["safety.address"] == Place(
        "safety/location.cedar",
        bundle.places["safety.address"].line,
        bundle.places["safety.address"].text,
        "An address under a secret address, or while danger is not ruled out.",
    )


def test_a_line_is_counted_from_one() -> None:
    assert [line_of("a\nb\n", offset) for offset in (0, 1, 2, 4)] == [1, 1, 2, 3]
