"""How far a destruction has come is how far the last of its keys has come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from consent_service.custody.model import DestroyedKey, Doomed, report_of
from consent_service.custody.wording import sentences
from consent_service.foundation.i18n import translator

DOOMED = Doomed("child", "noor")
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def key(live: int, path: int | None = None, gone: int | None = None) -> DestroyedKey:
    """A key with the days after which each of its stages was reached."""
    until = None if path is None else (NOON + (path + 7) * DAY).date()
    return DestroyedKey(
        NOON + live * DAY,
        None if path is None else NOON + path * DAY,
        until,
        None if gone is None else NOON + gone * DAY,
    )


def said(*keys: DestroyedKey, after: int = 0, promised: bool = True) -> list[str]:
    report = report_of(DOOMED, keys, now=NOON + after * DAY, promised=promised)
    assert report is not None
    nl = translator("nl")
    return [nl.text(one.msgid, **one.params) for one in sentences(report, date.isoformat)]


def test_where_nothing_was_destroyed_there_is_nothing_to_report() -> None:
    assert report_of(DOOMED, (), now=NOON, promised=True) is None


def test_each_stage_is_told_with_its_day() -> None:
    assert said(key(0)) == [
        "Sinds 2026-09-01 kan niemand dit hier nog lezen.",
        "In een oude kopie van de gegevens is het nog te lezen, tot uiterlijk 2026-09-02.",
        "Daarna worden ook de kopieën van de sleutel gewist.",
    ]
    assert said(key(0), after=2)[1].endswith("Dat moest op 2026-09-02 voorbij zijn.")
    assert said(key(0, 1), after=1)[1:] == [
        "Sinds 2026-09-02 is het ook in een oude kopie van de gegevens niet meer te lezen.",
        "De laatste kopie van de sleutel wordt gewist op 2026-09-09.",
    ]
    assert said(key(0, 1, 9))[2].startswith("Sinds 2026-09-10 is ook de laatste kopie van de sleutel weg.")


def test_the_last_key_decides() -> None:
    assert said(key(0, 1, 9), key(3, 4))[:2] == [
        "Sinds 2026-09-04 kan niemand dit hier nog lezen.",
        "Sinds 2026-09-05 is het ook in een oude kopie van de gegevens niet meer te lezen.",
    ]
    assert "tot uiterlijk 2026-09-05" in said(key(0, 1, 9), key(3), after=3)[1]


STAGES = st.builds(
    lambda live, path, gone: key(live, path, gone if path is not None else None),
    st.integers(0, 3),
    st.none() | st.integers(4, 6),
    st.none() | st.integers(11, 20),
)


def test_no_day_is_promised_where_nothing_says_it_will_come_true() -> None:
    assert said(key(0), promised=False)[1].endswith("tot wanneer is niet bekend.")
    assert said(key(0), after=2, promised=False)[1].endswith("Dat moest op 2026-09-02 voorbij zijn.")
    assert said(key(0, 1), after=1, promised=False) == said(key(0, 1), after=1)


@given(st.lists(STAGES, min_size=1, max_size=4), st.booleans())
def test_no_stage_is_claimed_that_a_single_key_has_not_reached(
    keys: list[DestroyedKey], promised: bool
) -> None:
    report = report_of(DOOMED, keys, now=NOON, promised=promised)
    assert report is not None
    every_path = all(one.path_dead_at is not None for one in keys)
    every_copy = every_path and all(one.backups_dead_at is not None for one in keys)
    expected = "backup_dead" if every_copy else "path_dead" if every_path else "live_dead"
    assert report.stage == expected
    assert not (report.overdue and every_path)
    assert (report.backups_until is not None) == every_path
