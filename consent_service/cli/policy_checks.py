"""`policies check` and `policies lock`: all that is wrong with rules, and a hash under those that are right.

What is looked at is `policy.checking`, in another process; here it is told, in sections that read without a
terminal as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from consent_service.cli.entering import Orders, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.i18n import N_
from consent_service.information.catalogue import load_catalogue
from consent_service.information.scopes import changed_scopes, lock_scopes, scope_problems
from consent_service.information.texts import load_texts
from consent_service.policy.bundle import lock
from consent_service.policy.checking import CheckReport, check_candidate
from consent_service.policy.coverage import Coverage
from consent_service.policy.mutation import REQUIRED_SCORE, MutationReport
from consent_service.policy.problem_words import advice
from consent_service.policy.proofs.proving import Proof, State
from consent_service.policy.reasons import PolicyProblem
from consent_service.policy.rules import load_rules

FOLDER = entry(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    words=N_("De map met regels; anders die van de installatie."),
)
_STATES: Final[Mapping[State, str]] = {
    "proved": N_("bewezen"),
    "refuted": N_("weerlegd"),
    "not_provable": N_("niet te bewijzen"),
}
_REASONS: Final[Mapping[str, str]] = {
    "differs": N_("geen voorbeeld merkt het: schrijf er een waarin dit verschil maakt"),
    "not_provable": N_("geen voorbeeld merkt het, en of het iets uitmaakt is niet te bewijzen"),
}


def add_to(group: Orders) -> None:
    """Add the commands of this module to those of `policies`."""
    quick = entry(
        "--no-mutation",
        is_flag=True,
        words=N_("Kijk niet of de voorbeelden elke fout in een regel zouden merken; dat duurt het langst."),
    )
    checking = group.order(
        "check", N_("Kijk regels, catalogus en teksten na; zegt alles tegelijk."), admission="anybody"
    )
    checking(FOLDER(quick(check)))
    group.order("lock", N_("Leg vast dat deze regels zijn nagekeken."), admission="anybody")(
        FOLDER(write_lock)
    )


def check(terminal: Terminal, folder: Path | None, no_mutation: bool) -> int:
    where = folder or terminal.settings.policies_dir
    report = check_candidate(where, mutation=not no_mutation, locked=True)
    texts = tuple(_problems_of_texts(where))
    _tell_notices(terminal, report.notices)
    _tell_coverage(terminal, report.coverage)
    _tell_mutation(terminal, report.mutation)
    _tell_proofs(terminal, report.proofs)
    _complain(terminal, report, texts)
    if texts or not report.passed:
        return FAILED
    terminal.say(N_("De regels, de catalogus en de teksten kloppen."))
    return 0


def write_lock(terminal: Terminal, folder: Path | None) -> int:
    where = folder or terminal.settings.policies_dir
    report = check_candidate(where)
    texts: tuple[str, ...] = ()
    if report.passed:
        texts = tuple(map(str, changed_scopes(where, load_catalogue(where))))
    _complain(terminal, report, texts)
    if texts or not report.passed:
        return FAILED
    rules = load_rules(where)
    lock(where, rules.bundle)
    lock_scopes(where, rules.catalogue)
    terminal.say(N_("Vastgelegd: {hash}"), hash=rules.bundle.hash)
    return 0


def problems_in(terminal: Terminal, folder: Path) -> Iterator[str]:
    """Everything wrong with rules, catalogue, texts and the locks of a folder, one line each."""
    report = check_candidate(folder, locked=True)
    yield from (_problem(terminal, problem) for problem in report.problems)
    yield from (_proof(terminal, proof) for proof in report.unproved)
    yield from _problems_of_texts(folder)


def _problems_of_texts(folder: Path) -> Iterator[str]:
    try:
        load_texts(folder)
        yield from map(str, scope_problems(folder, load_catalogue(folder)))
    except ConfigurationError as wrong:
        yield str(wrong)


def _complain(terminal: Terminal, report: CheckReport, texts: Sequence[str]) -> None:
    """Everything that refuses these rules, where errors go."""
    for problem in report.problems:
        terminal.complain(_problem(terminal, problem))
    for line in texts:
        terminal.complain(line)
    for proof in report.unproved:
        terminal.complain(_proof(terminal, proof))
    if report.mutation is not None and not report.mutation.enough:
        sentence = N_("De voorbeelden merken {score} van de fouten; nodig is {required}. Schrijf er meer.")
        required = f"{REQUIRED_SCORE:.0%}"
        terminal.complain(terminal.text(sentence, score=f"{report.mutation.score:.1%}", required=required))


def _problem(terminal: Terminal, problem: PolicyProblem) -> str:
    said = advice(problem)
    found = f" [{problem.code}: {problem.detail}]" if problem.detail else f" [{problem.code}]"
    return f"{problem.where}: {terminal.text(said) if said else ''}{found}"


def _proof(terminal: Terminal, proof: Proof) -> str:
    says = proof.says.get(terminal.language) or proof.says.get("nl") or proof.invariant
    detail = f" [{proof.detail}]" if proof.detail else ""
    return f"{proof.invariant}: {terminal.text(_STATES[proof.state])}: {says}{detail}"


def _heading(terminal: Terminal, sentence: str, /, **params: object) -> None:
    terminal.show("")
    terminal.say(sentence, **params)


def _lines(terminal: Terminal, lines: Iterable[str], *, indent: str = "  ") -> None:
    for line in lines:
        terminal.show(f"{indent}{line}".rstrip())


def _tell_notices(terminal: Terminal, notices: Sequence[PolicyProblem]) -> None:
    if notices:
        _heading(terminal, N_("Let op; dit houdt niets tegen:"))
        _lines(terminal, (_problem(terminal, notice) for notice in notices))


def _tell_coverage(terminal: Terminal, coverage: Coverage | None) -> None:
    if coverage is None:
        return
    _heading(
        terminal,
        N_("Voorbeelden: {count} in {files} bestanden."),
        count=coverage.cases,
        files=len(coverage.files),
    )
    _lines(terminal, (f"{file.file}: {file.cases}: {file.rule}" for file in coverage.files))
    _heading(terminal, N_("Hoe vaak een regel een voorbeeld beslist, en hoe vaak als enige:"))
    _lines(terminal, (f"{one.policy}: {one.decides}, {one.alone}" for one in coverage.policies))
    _heading(terminal, N_("Hoe vaak een ontbrekende voorwaarde van een regel de reden is:"))
    _lines(terminal, (f"{one.policy} {one.code}: {one.cases}" for one in coverage.conditions))
    _heading(terminal, N_("Hoe vaak een onderwerp wordt gegeven:"))
    _lines(terminal, (f"{one.type}: {one.given}" for one in coverage.types))


def _tell_mutation(terminal: Terminal, report: MutationReport | None) -> None:
    if report is None:
        return
    sentence = N_(
        "Fouten in de regels die de voorbeelden merken: {killed} van {could} ({score}); "
        "{equivalent} andere maken bewezen geen verschil."
    )
    could = report.valid - report.equivalent
    params = {"killed": report.killed, "could": could, "score": f"{report.score:.1%}"}
    _heading(terminal, sentence, **params, equivalent=report.equivalent)
    for survivor in report.survivors:
        terminal.show(f"  {survivor.id}: {survivor.change}: {terminal.text(_REASONS[survivor.reason])}")
        _lines(terminal, survivor.lines, indent="      ")


def _tell_proofs(terminal: Terminal, proofs: Sequence[Proof]) -> None:
    if not proofs:
        return
    proved = sum(proof.state == "proved" for proof in proofs)
    _heading(terminal, N_("Wat nooit mag: {proved} van {count} bewezen."), proved=proved, count=len(proofs))
    for proof in proofs:
        terminal.show(f"  {_proof(terminal, proof)}")
        if proof.counterexample is not None:
            terminal.say(N_("    Dit zou nu wel mogen (zet het met de goede uitkomst bij de voorbeelden):"))
            _lines(terminal, proof.counterexample.case.splitlines(), indent="      ")
