"""What `audit heads` shows of a log: how far it is, who saw that, and why nothing is signed any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from consent_service.audit.describing import root_in_words
from consent_service.audit.heads.kept import COSIGNATURE_LIMIT, Vouched
from consent_service.audit.heads.publishing import HERE
from consent_service.cli.terminal import Terminal
from consent_service.custody.log_heads import HeadState
from consent_service.foundation.i18n import N_, NN_

NEW: Final = NN_(
    "Voortaan is bekend dat {origin} al {size} regel had. Loopt de database daarop achter, dan wordt er "
    "niets meer getekend tot dat is opgelost.",
    "Voortaan is bekend dat {origin} al {size} regels had. Loopt de database daarop achter, dan wordt er "
    "niets meer getekend tot dat is opgelost.",
    by="size",
)
KNOWN: Final = NN_(
    "Deze stand was al bekend, of er is een latere bekend: {size} regel van {origin}. Er verandert niets.",
    "Deze stand was al bekend, of er is een latere bekend: {size} regels van {origin}. Er verandert niets.",
    by="size",
)
ACCEPTED: Final = NN_("Bekend: {size} regel van {origin}.", "Bekend: {size} regels van {origin}.", by="size")
CLOSED: Final = NN_(
    "{name}: logboek {log}, gesloten, {size} regel, uitkomst {root}",
    "{name}: logboek {log}, gesloten, {size} regels, uitkomst {root}",
    by="size",
)
_SAW: Final = NN_("LET OP: {witness} zag {size} regel.", "LET OP: {witness} zag {size} regels.", by="size")
_NOT_SIGNED: Final = NN_(
    "LET OP: wat onder {size} regel van {witness} bewaard is, tekende {witness} niet.",
    "LET OP: wat onder {size} regels van {witness} bewaard is, tekende {witness} niet.",
    by="size",
)
_NO_STAMP: Final = NN_(
    "LET OP: wat onder {size} regel als tijdstempel bewaard is, is er geen.",
    "LET OP: wat onder {size} regels als tijdstempel bewaard is, is er geen.",
    by="size",
)


def lines_of(terminal: Terminal, name: str, state: HeadState) -> Iterator[str]:
    """Where the newest log of a tenant stands, one line after the other."""
    newest = NN_(
        "{name}: logboek {log}, sleutel {key}, {size} regel, uitkomst {root}",
        "{name}: logboek {log}, sleutel {key}, {size} regels, uitkomst {root}",
        by="size",
    )
    yield terminal.text(
        newest,
        name=name,
        log=state.log.log,
        key=state.log.key_number,
        size=state.head.size,
        root=root_in_words(state.head.root),
    )
    known = NN_(
        "buiten de database bekend: {size} regel", "buiten de database bekend: {size} regels", by="size"
    )
    yield "  " + terminal.text(known, size=0 if state.known is None else state.known.size)
    for witness, vouched in state.cosigned:
        yield "  " + terminal.text(
            N_("getuige {witness}: {vouched}"), witness=witness, vouched=_said(terminal, vouched)
        )
    if state.stamped is not None:
        yield "  " + terminal.text(N_("tijdstempel: {vouched}"), vouched=_said(terminal, state.stamped))
    yield from (f"  {line}" for line in _alarms(terminal, state))


def _alarms(terminal: Terminal, state: HeadState) -> Iterator[str]:
    for claim in state.claims:
        if claim.size is None and claim.witness == HERE:
            yield terminal.text(
                N_("LET OP: wat hier in de database staat is niet wat er eerder getekend is.")
            )
        elif claim.size is None:
            yield terminal.text(N_("LET OP: {witness} zag andere regels."), witness=claim.witness)
        else:
            yield terminal.text(_SAW, witness=claim.witness, size=claim.size)
    for witness, size in state.unfit:
        yield terminal.text(_NOT_SIGNED if witness else _NO_STAMP, size=size, witness=witness)
    if state.gone:
        yield terminal.text(
            N_(
                "LET OP: heads.jsonl is weg; er wordt niets meer getekend. Zet het terug. "
                "Is het voorgoed weg, lees dan in keys/README.md: Known heads are lost"
            )
        )
    if state.refused:
        yield terminal.text(
            N_(
                "LET OP: er wordt niets meer getekend. Is de database teruggezet, doe dan: "
                "consent-service audit reopen. Lees anders keys/README.md."
            )
        )
    if state.waiting is not None and state.waiting > COSIGNATURE_LIMIT:
        minutes = int(state.waiting.total_seconds() // 60)
        late = NN_(
            "LET OP: al {minutes} minuut tekent geen getuige mee.",
            "LET OP: al {minutes} minuten tekent geen getuige mee.",
            by="minutes",
        )
        yield terminal.text(late, minutes=minutes)


def _said(terminal: Terminal, vouched: Vouched | None) -> str:
    if vouched is None:
        return terminal.text(N_("nog niets"))
    said = NN_("{size} regel, {at}", "{size} regels, {at}", by="size")
    return terminal.text(said, size=vouched.size, at=terminal.moment(vouched.at))
