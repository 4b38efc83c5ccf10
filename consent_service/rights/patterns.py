"""Ways of asking that the privacy officer should look at (AVG 7; a yes in a dependent position). Pure.

Counts per team, never per person: what is seen of too few counsellors is counted with the shelter as a
whole. A pattern is a reason to look, never a conclusion. Reading what it is found in is `watching`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final, Literal

import msgspec

from consent_service.consent.asking import AskedAnswer, SignedSitting
from consent_service.consent.statement import is_own_word
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import StaffId

PatternKind = Literal[
    "almost_all_yes", "too_fast", "same_device", "many_at_once", "never_confirmed", "mostly_passed_on"
]
"""Nearly everybody says yes; answered faster than one reads; the own page used at a counsellor's device;
conversations signed within a minute of each other; a yes that was only said and never confirmed;
most yeses typed in by a counsellor, from paper or from hearing."""

LOOKS_BACK: Final = timedelta(days=90)
SMALLEST_TEAM: Final = 3
"""Of fewer counsellors a count would be about a person."""
ALMOST_ALL_PERCENT: Final = 97
WORDS_PER_SECOND: Final = 5
"""Faster than almost anybody reads, so that only answers without reading stand out."""
FEWEST_MEASURED: Final = 3
"""One quick answer says nothing: the middle one of at least so many of a conversation does."""
AT_ONCE: Final = timedelta(minutes=1)
FEWEST_AT_ONCE: Final = 3
FEWEST_UNCONFIRMED: Final = 3
MOSTLY_PERCENT: Final = 50
_CHOICES: Final = frozenset({"given", "refused", "later"})


class Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`count` out of `total`, in a team or (an empty code) in the shelter as a whole."""

    kind: PatternKind
    team: str
    count: int
    total: int


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What patterns are looked for in. `words`: how many words stood on the screen, per hash of a text."""

    now: datetime
    minimum: int
    answers: Sequence[AskedAnswer] = ()
    sittings: Sequence[SignedSitting] = ()
    teams: Mapping[StaffId, str] = {}
    staff_devices: Mapping[str, frozenset[StaffId]] = {}
    words: Mapping[str, int] = {}


def find_patterns(seen: Seen) -> tuple[Pattern, ...]:
    """Everything that stands out now, by kind and team."""
    teams = teams_large_enough(seen.teams)
    return (
        *almost_all_yes(seen.answers, teams, minimum=seen.minimum),
        *too_fast(seen.answers, teams, seen.words),
        *same_device(seen.answers, teams, seen.staff_devices),
        *many_at_once(seen.sittings, teams),
        *never_confirmed(seen.answers, teams, now=seen.now),
        *mostly_passed_on(seen.answers, teams, minimum=seen.minimum),
    )


def teams_large_enough(teams: Mapping[StaffId, str]) -> dict[StaffId, str]:
    """Each counsellor's team, or the shelter as a whole where the team is too small to count alone."""
    sizes = Counter(teams.values())
    return {staff: team if sizes[team] >= SMALLEST_TEAM else "" for staff, team in teams.items()}


def almost_all_yes(
    answers: Iterable[AskedAnswer], teams: Mapping[StaffId, str], *, minimum: int
) -> Iterator[Pattern]:
    """A team to which nearly nobody says no or later: is refusing really free there (AVG 7(4))?

    Fewer answers than `minimum`, or answers asked by too few counsellors, make no pattern.
    """
    asked: dict[str, list[AskedAnswer]] = defaultdict(list)
    for one in answers:
        if one.kind in _CHOICES and one.counsellor is not None:
            asked[teams.get(one.counsellor, "")].append(one)
    for team, mine in sorted(asked.items()):
        yes = sum(one.kind == "given" for one in mine)
        enough = len(mine) >= minimum and len({one.counsellor for one in mine}) >= SMALLEST_TEAM
        if enough and yes * 100 >= ALMOST_ALL_PERCENT * len(mine):
            yield Pattern("almost_all_yes", team, yes, len(mine))


def too_fast(
    answers: Iterable[AskedAnswer], teams: Mapping[StaffId, str], words: Mapping[str, int]
) -> Iterator[Pattern]:
    """Conversations whose middle answer came before its text could have been read."""
    paces: dict[str, list[float]] = defaultdict(list)
    held_by: dict[str, str] = {}
    for one in answers:
        if one.sitting and one.seconds_shown is not None and words.get(one.text_hash):
            paces[one.sitting].append(one.seconds_shown * WORDS_PER_SECOND / words[one.text_hash])
            held_by[one.sitting] = teams.get(one.counsellor, "") if one.counsellor else ""
    measured = {sitting: pace for sitting, pace in paces.items() if len(pace) >= FEWEST_MEASURED}
    fast = Counter(held_by[sitting] for sitting, pace in measured.items() if median(pace) < 1)
    yield from _counted("too_fast", fast, Counter(held_by[sitting] for sitting in measured))


def same_device(
    answers: Iterable[AskedAnswer],
    teams: Mapping[StaffId, str],
    staff_devices: Mapping[str, frozenset[StaffId]],
) -> Iterator[Pattern]:
    """Somebody's own page was used at a device at which a counsellor works (S35); each day counts once."""
    days: set[tuple[str, date]] = set()
    found: Counter[str] = Counter()
    every: set[tuple[str, date]] = set()
    for one in answers:
        day = (one.person, local_date(one.recorded_at))
        if one.method != "page":
            continue
        every.add(day)
        staff = staff_devices.get(one.device or "", frozenset())
        if staff and day not in days:
            days.add(day)
            found[_team_of(staff, teams)] += 1
    yield from _counted("same_device", found, Counter(dict.fromkeys(found, len(every))))


def many_at_once(sittings: Sequence[SignedSitting], teams: Mapping[StaffId, str]) -> Iterator[Pattern]:
    """Several conversations signed at one device, each within a minute of the one before."""
    by_device: dict[str, list[SignedSitting]] = defaultdict(list)
    for one in sorted(sittings, key=lambda one: one.signed_at):
        by_device[one.device].append(one)
    found: Counter[str] = Counter()
    for signed in by_device.values():
        for run in _runs(signed):
            if len(run) >= FEWEST_AT_ONCE:
                found[_team_of({one.counsellor for one in run}, teams)] += len(run)
    every = Counter(teams.get(one.counsellor, "") for one in sittings)
    yield from _counted("many_at_once", found, every)


def never_confirmed(
    answers: Sequence[AskedAnswer], teams: Mapping[StaffId, str], *, now: datetime
) -> Iterator[Pattern]:
    """A yes that was only said aloud and ended without an own word of the same person.

    What a counsellor typed in that was said, yes or no, is no such word: see `is_own_word`.
    """
    later: dict[tuple[str, str, str], list[datetime]] = defaultdict(list)
    for one in answers:
        if is_own_word(one.kind, one.method):
            later[_place(one)].append(one.recorded_at)
    aloud = [one for one in answers if one.method == "oral" and one.kind == "given"]
    found: Counter[str] = Counter()
    for one in aloud:
        ends = one.valid_until
        if ends is None or ends > now:
            continue
        if not any(one.recorded_at < moment < ends for moment in later[_place(one)]):
            found[_asked_in(one, teams)] += 1
    enough = Counter({team: count for team, count in found.items() if count >= FEWEST_UNCONFIRMED})
    yield from _counted("never_confirmed", enough, Counter(_asked_in(one, teams) for one in aloud))


def mostly_passed_on(
    answers: Iterable[AskedAnswer], teams: Mapping[StaffId, str], *, minimum: int
) -> Iterator[Pattern]:
    """A team in which most yeses were typed in by a counsellor: from paper, or because somebody said so.

    Fewer yeses than `minimum` make no pattern.
    """
    every: Counter[str] = Counter()
    passed_on: Counter[str] = Counter()
    for one in answers:
        if one.kind == "given":
            every[_asked_in(one, teams)] += 1
            passed_on[_asked_in(one, teams)] += one.method in ("paper", "oral")
    for team, total in sorted(every.items()):
        if total >= minimum and passed_on[team] * 100 > MOSTLY_PERCENT * total:
            yield Pattern("mostly_passed_on", team, passed_on[team], total)


def _counted(kind: PatternKind, found: Counter[str], every: Counter[str]) -> Iterator[Pattern]:
    for team, count in sorted(found.items()):
        if count:
            yield Pattern(kind, team, count, max(count, every[team]))


def _runs(signed: Sequence[SignedSitting]) -> list[list[SignedSitting]]:
    """Stretches in which each follows the one before within a minute."""
    runs = [[signed[0]]]
    for before, one in pairwise(signed):
        if one.signed_at - before.signed_at <= AT_ONCE:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _team_of(staff: Iterable[StaffId], teams: Mapping[StaffId, str]) -> str:
    """The team they are all of; the shelter as a whole when there is no such team."""
    found = {teams.get(one, "") for one in staff}
    return found.pop() if len(found) == 1 else ""


def _asked_in(one: AskedAnswer, teams: Mapping[StaffId, str]) -> str:
    return teams.get(one.counsellor, "") if one.counsellor else ""


def _place(one: AskedAnswer) -> tuple[str, str, str]:
    return one.person, one.relationship, one.information_type
