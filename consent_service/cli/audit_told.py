"""What `audit verify` found, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from consent_service.audit.describing import root_in_words
from consent_service.audit.faults import ALONE, describe_fault
from consent_service.audit.reconciling import Reconciled
from consent_service.audit.standalone.formats import Refused
from consent_service.audit.standalone.words import WRONG as BUNDLE_FAULTS
from consent_service.audit.verify import Report
from consent_service.cli.terminal import Terminal
from consent_service.foundation.i18n import N_, NN_, translator
from consent_service.foundation.ids import TenantId

_NAMED: Final = 20
"""Differences between log and acts that are named; the rest is counted."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of the logs of one tenant; `newest` is the number of the last one."""

    tenant: TenantId
    name: str
    newest: int
    report: Report
    acts: Reconciled | None = None
    is_opened: bool = True

    @property
    def ok(self) -> bool:
        return self.report.ok and (self.acts is None or self.acts.ok)

    @property
    def size(self) -> int:
        """Entries, in all logs together."""
        return sum(one.size for _, one in self.logs())

    @property
    def problems(self) -> int:
        return self.report.problem_count + (0 if self.acts is None else self.acts.mismatch_count)

    def logs(self) -> tuple[tuple[int, Report], ...]:
        """The report of each log that was read, by its number."""
        every = (*self.report.earlier, self.report)
        return tuple(enumerate(every, start=self.newest - len(every) + 1))


def tell(terminal: Terminal, found: Outcome) -> None:
    report = found.report
    if found.ok:
        for number, one in found.logs():
            _tell_log(terminal, found.name, number, one)
    if not report.ok:
        wrong = NN_("NIET GOED: {name}, {count} fout:", "NIET GOED: {name}, {count} fouten. De eerste:")
        terminal.say(wrong, name=found.name, count=report.problem_count)
    if report.first is not None:
        terminal.show(f"  {describe_fault(report.first, translator(terminal.language))}")
    if found.acts is not None:
        _tell_acts(terminal, found.name, found.acts)
    if report.pending:
        waiting = NN_(
            "  {count} regel wacht nog op een plaats.", "  {count} regels wachten nog op een plaats."
        )
        terminal.say(waiting, count=report.pending)
    if not found.is_opened:
        terminal.say(
            N_(
                "  Er is geen inhoud geopend. Van elke regel zijn plaats, uitkomst en kenmerk nagekeken, en "
                "niet vorm en tijd. Niet nagekeken is ook of inhoud veranderd of weggehaald is, of sleutels, "
                "opruimen en een nieuw logboek zijn aangekondigd, wat van getuigen en tijdstempels bewaard "
                "is, en of elke handeling een regel heeft."
            )
        )


def _tell_log(terminal: Terminal, name: str, number: int, report: Report) -> None:
    good = NN_(
        "OK: {name}, logboek {log}: {size} regel, uitkomst {root}",
        "OK: {name}, logboek {log}: {size} regels, uitkomst {root}",
        by="size",
    )
    terminal.say(good, name=name, log=number, size=report.size, root=root_in_words(report.root))
    if report.since:
        terminal.say(
            N_(
                "  Gelezen vanaf nr. {number}. De regels daarvoor zijn niet opnieuw gelezen: van hun "
                "bewaarde uitkomsten is nagekeken dat ze bij de bewaarde stand passen. Handelingen zijn "
                "niet vergeleken."
            ),
            number=report.since + 1,
        )


def _tell_acts(terminal: Terminal, name: str, acts: Reconciled) -> None:
    if acts.ok:
        return
    terminal.say(
        N_("NIET GOED: {name}. Verschillen tussen logboek en handelingen: {count}"),
        name=name,
        count=f"{acts.mismatch_count}{'+' if acts.more else ''}",
    )
    for alone in acts.mismatches[:_NAMED]:
        named = ", ".join(part for part in (alone.kind, alone.id, alone.entry) if part)
        terminal.show(f"  {named}: {terminal.text(ALONE[alone.what])}")


def tell_bundle_fault(terminal: Terminal, path: Path, refused: BaseException | None) -> None:
    """What does not hold, in the words of `verify.py`, which names it where only other modules see it."""
    if isinstance(refused, Refused):
        told = BUNDLE_FAULTS[refused.code][int(terminal.language == "en")]
        terminal.say(N_("NIET GOED: dit pakket klopt niet."))
        terminal.show(f"  {told} [{refused.code}] {refused.where}".rstrip())
        return
    terminal.say(N_("NIET GOED: dit pakket klopt niet. Welk deel, zegt: python3 verify.py {path}"), path=path)
