"""Tests of the review of each language: drafts are marked, and refused where families decide for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.foundation import i18n
from consent_service.foundation.i18n import (
    FAMILY,
    SOURCE,
    LanguageReview,
    family_languages,
    is_draft,
    reviews,
)


def test_every_language_but_the_source_ships_as_a_draft() -> None:
    assert {language for language in FAMILY if not is_draft(language)} == {SOURCE}
    assert family_languages(drafts=True) == FAMILY
    assert family_languages(drafts=False) == (SOURCE,)


def test_a_language_that_a_human_reviewed_is_offered_also_where_families_decide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reviewed = {**reviews(), "ar": LanguageReview("reviewed", "A. Nagekeken")}
    monkeypatch.setattr(i18n, "reviews", lambda: reviewed)

    assert family_languages(drafts=False) == (SOURCE, "ar")


@pytest.mark.parametrize(
    "change",
    [
        ("[ar]", "[xx]"),
        ('[ar]\nreview = "draft"', '[ar]\nreview = "reviewed"'),
    ],
    ids=["missing", "by_nobody"],
)
def test_a_review_by_nobody_or_of_no_language_of_ours_is_refused(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    shipped = (i18n.LOCALE_FOLDER / "reviews.toml").read_text(encoding="utf-8")
    path = tmp_path / "reviews.toml"
    path.write_text(shipped.replace(*change), encoding="utf-8")

    with pytest.raises(ValueError, match="each language once"):
        reviews(path)
