"""What may be said falsely about the log before, and the code under which every verifier must refuse it."""

from __future__ import annotations

from collections.abc import Callable

from consent_service.audit.events import LogReopened
from consent_service.audit.merkle import root_of
from tests.audit.standalone.forging import Forge, ForgedLog, Signer


def put_back(forge: Forge, event: LogReopened) -> None:
    """The second log begins with this entry, and holds no other."""
    second = forge.logs[1]
    second.leaves.clear()
    second.ids.clear()
    forge.details = {one: said for one, said in forge.details.items() if one in forge.logs[0].ids}
    forge.entry(second, event, opened=True)


def _silent_log(forge: Forge) -> None:
    second = forge.logs[1]
    forge.details.pop(second.ids[0])
    second.leaves.clear()
    second.ids.clear()
    forge.details = {one: said for one, said in forge.details.items() if one in forge.logs[0].ids}
    forge.entry(second)


def _other_past(forge: Forge) -> None:
    put_back(forge, LogReopened(2, "restored", len(forge.logs[0].leaves), "ab" * 32))


def _another_number(forge: Forge) -> None:
    """The new log says that it is the seventh."""
    root = root_of(forge.logs[0].hashes()).hex()
    put_back(forge, LogReopened(7, "restored", len(forge.logs[0].leaves), root))


def _no_past(forge: Forge) -> None:
    forge.entry(forge.logs[1], LogReopened(2, "restored", 3, "zz"), opened=True)


def _nameless_past(forge: Forge) -> None:
    put_back(forge, LogReopened(2, "restored", len(forge.logs[0].leaves), ""))


def third_log(forge: Forge) -> None:
    second = forge.logs[1]
    third = ForgedLog(3, "audit.example.org/t/3", [Signer.named("audit.example.org/t/3")])
    forge.logs.append(third)
    size, root = len(second.leaves), root_of(second.hashes()).hex()
    forge.entry(third, LogReopened(3, "restored", size, root), opened=True)


def _without_log(forge: Forge, number: int) -> None:
    """Leave out a log with everything opened of it; no key is needed for that."""
    (gone,) = [log for log in forge.logs if log.number == number]
    forge.logs.remove(gone)
    forge.details = {one: said for one, said in forge.details.items() if one not in gone.ids}


def _without_first_log(forge: Forge) -> None:
    _without_log(forge, 1)


def _without_second_log(forge: Forge) -> None:
    third_log(forge)
    _without_log(forge, 2)


def _shorter_past(forge: Forge) -> None:
    """The new log names a head that is right, but of before the last entries of the log before."""
    root = root_of(forge.logs[0].hashes()[:3]).hex()
    put_back(forge, LogReopened(2, "restored", 3, root))


PAST: list[tuple[str, Callable[[Forge], None], str]] = [
    ("a log out of nowhere", _silent_log, "log_unannounced"),
    ("a log that calls itself another", _another_number, "log_unannounced"),
    ("another past", _other_past, "previous_differs"),
    ("a past that is no hash", _no_past, "detail_malformed"),
    ("a past without a root", _nameless_past, "detail_malformed"),
    ("a past that ends earlier", _shorter_past, "previous_differs"),
    ("the first log left out", _without_first_log, "log_missing"),
    ("a log in between left out", _without_second_log, "log_missing"),
]  # fmt: skip
