"""The commands together, and what every run has in common: language, errors, exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import click

from consent_service.cli import (
    accountability,
    audit,
    checking,
    clients,
    database,
    demo,
    erasures,
    exports,
    keys,
    notices,
    officers,
    operators,
    organisations,
    policies,
    providers,
    serve,
    staff,
)
from consent_service.cli.entering import Entry, Orders, language_option
from consent_service.cli.failing import WRONG, explain
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import ConsentServiceError
from consent_service.foundation.i18n import N_

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""
_MODULES = (
    serve,
    demo,
    checking,
    database,
    keys,
    organisations,
    staff,
    officers,
    operators,
    providers,
    clients,
    notices,
    policies,
    audit,
    exports,
    erasures,
    accountability,
)


@cache
def commands() -> Orders:
    """Every command of the service; they keep nothing between runs."""
    top = Orders(
        "consent-service",
        help=N_("Ruggensteun: toestemming en gegevens delen tussen opvang, school en ouders."),
    )
    top.params.append(language_option())
    top.params.append(
        Entry(
            ["--config"],
            type=click.Path(path_type=Path),
            help=N_("Een TOML-bestand met instellingen."),
            expose_value=False,
            callback=_use_config,
        )
    )
    for module in _MODULES:
        module.add_to(top)
    return top


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Carry out one command line; its exit code. Never ends in a traceback for what somebody typed."""
    terminal = Terminal(environ)
    try:
        outcome = commands().main(
            args=list(arguments), prog_name="consent-service", standalone_mode=False, obj=terminal
        )
    except ConsentServiceError as error:
        return explain(terminal, error)
    except click.exceptions.NoArgsIsHelpError as help_needed:
        terminal.complain(help_needed.format_message())
        return WRONG
    except click.ClickException as wrong:
        terminal.complain(wrong.format_message())
        return WRONG
    except (click.Abort, KeyboardInterrupt):
        terminal.complain(terminal.text(N_("Afgebroken.")))
        return INTERRUPTED
    return outcome if isinstance(outcome, int) else 0


def _use_config(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    terminal = ctx.find_object(Terminal)
    if terminal is not None and value is not None:
        terminal.config = value
