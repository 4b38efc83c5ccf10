"""What is typed on the command line: options and commands that report every mistake at once.

Each option checks its own value with the rule of the package it belongs to; what only the database
can know (a school that does not exist) is told by the service, in the same form.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import click

from consent_service.cli.terminal import Admission, CommandError, Terminal
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import N_, SUPPORTED
from consent_service.organisations.model import WEEKDAYS, is_phone

_PROBLEMS: Final = "consent_service.problems"


class WrongValueError(click.BadParameter):
    """A value that cannot be taken, with the code of the sentence that says what to do."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.problem_code = code
        self.params = params


class Words(click.ParamType[str]):
    """Text that is not empty and not endless."""

    name = "tekst"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> str:
        text = str(value).strip()
        if not text:
            raise WrongValueError("required")
        if len(text) > 120:
            raise WrongValueError("too_long", max="120")
        return text


class Phone(click.ParamType[str]):
    """A telephone number as `organisations` takes it."""

    name = "telefoon"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> str:
        if not is_phone(str(value)):
            raise WrongValueError("phone_form")
        return str(value)


class Day(click.ParamType[date]):
    """A calendar day, written as 2026-09-01."""

    name = "jjjj-mm-dd"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError as wrong:
            raise WrongValueError("cli.date") from wrong


class WorkingDays(click.ParamType[tuple[str, ...]]):
    """Days of the week, separated by commas."""

    name = "mon,tue,..."

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> tuple[str, ...]:
        days = tuple(day.strip().lower() for day in (value if isinstance(value, tuple) else value.split(",")))
        if not days or set(days) - set(WEEKDAYS):
            raise WrongValueError("cli.choice", choices=", ".join(WEEKDAYS))
        return days


WORDS, PHONE, DAY, WORKING_DAYS = Words(), Phone(), Day(), WorkingDays()


class Entry(click.Option):
    """An option that notes what is wrong with its value and lets the others be looked at too."""

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        try:
            return super().handle_parse_result(ctx, opts, args)
        except click.MissingParameter:
            problem = Problem(self.opts[0], "required")
        except WrongValueError as wrong:
            problem = Problem(self.opts[0], wrong.problem_code, wrong.params)
        except click.BadParameter:
            problem = Problem(self.opts[0], *self._refused(opts.get(self.name or "")))
        ctx.meta.setdefault(_PROBLEMS, []).append(problem)
        return None, args

    def _refused(self, value: object) -> tuple[str, dict[str, str]]:
        if isinstance(self.type, click.Path) and self.type.exists:
            named = value if isinstance(value, (list, tuple)) else (value,)
            if missing := [str(one) for one in named if not Path(str(one)).exists()]:
                return "cli.path_missing", {"path": ", ".join(missing)}
        if isinstance(self.type, click.Choice):
            return "cli.choice", {"choices": ", ".join(map(str, self.type.choices))}
        if isinstance(self.type, click.IntRange):
            return "cli.number", {"lowest": str(self.type.min), "highest": str(self.type.max)}
        return "invalid", {}

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        if record is None:
            return None
        words = _terminal(ctx).text(self.help or "")
        return record[0], f"{words} ({_terminal(ctx).text(_NEEDED)})" if self.required else words


_NEEDED: Final = N_("verplicht")
_SECTIONS: Final = {"Options": N_("Opties"), "Commands": N_("Opdrachten")}


class _Spoken(click.Command):
    """Help in the language of the run; click's own words would follow another setting."""

    def get_short_help_str(self, _limit: int = 45) -> str:
        context = click.get_current_context(silent=True)
        words = self.help or ""
        return words if context is None else _terminal(context).text(words)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        prefix = _terminal(ctx).text(N_("Gebruik: "))
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=prefix)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_terminal(ctx).text(self.help or ""))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = [param.get_help_record(ctx) for param in self.params]
        shown = [record for record in records if record is not None]
        if shown:
            with formatter.section(_terminal(ctx).text(_SECTIONS["Options"])):
                formatter.write_dl(shown)


class Order(_Spoken):
    """One command. Every wrong, missing and unknown option is told at once; `admission`: who may type it."""

    def __init__(self, *args: Any, admission: Admission = "operator", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.admission = admission
        self.context_settings = {"ignore_unknown_options": True, "allow_extra_args": True}
        if all(param.name != "language" for param in self.params):
            self.params.append(language_option())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            rest = super().parse_args(ctx, args)
        except click.BadOptionUsage as wrong:
            raise InputError([Problem(wrong.option_name, "cli.no_value")]) from wrong
        problems: list[Problem] = ctx.meta.get(_PROBLEMS, [])
        unknown = [word for word in rest if word.startswith("-")] or rest
        known = [name for param in self.params for name in param.opts]
        for word in unknown:
            nearest = difflib.get_close_matches(word, [*known, "--help"], n=1) or ["--help"]
            problems.append(Problem(word, "cli.unknown_option", {"nearest": nearest[0]}))
        if problems:
            raise InputError(problems)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        _terminal(ctx).admission = self.admission
        return super().invoke(ctx)


class Orders(click.Group, _Spoken):
    """A group of commands; a name that does not exist is answered with the nearest that does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as unknown:
            raise InputError(
                [Problem(unknown.option_name, "cli.unknown_option", {"nearest": "--help"})]
            ) from unknown
        if problems := ctx.meta.get(_PROBLEMS):
            raise InputError(problems)
        return rest

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None:
            command = f"{ctx.command_path} {args[0]}"
            for nearest in difflib.get_close_matches(args[0], self.commands, n=1):
                raise CommandError(
                    N_("De opdracht {command} bestaat niet. Bedoelt u {nearest}?"),
                    command=command,
                    nearest=f"{ctx.command_path} {nearest}",
                )
            raise CommandError(
                N_("De opdracht {command} bestaat niet. Welke er wel zijn zegt: {help}"),
                command=command,
                help=f"{ctx.command_path} --help",
            )
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _Spoken.format_options(self, ctx, formatter)
        rows = [
            (name, command.get_short_help_str())
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) is not None and not command.hidden
        ]
        with formatter.section(_terminal(ctx).text(_SECTIONS["Commands"])):
            formatter.write_dl(rows)

    def group_of(self, name: str, words: str) -> Orders:
        """A group below this one, described by a Dutch sentence."""
        group = Orders(name, help=words)
        self.add_command(group)
        return group

    def order(
        self, name: str, words: str, *, admission: Admission = "operator"
    ) -> Callable[[Callable[..., Any]], Order]:
        """Decorator: a command of this group, described by a Dutch sentence; gets the `Terminal`."""

        def register(function: Callable[..., Any]) -> Order:
            made = click.command(name, cls=Order, help=words, admission=admission)
            command = made(click.pass_obj(function))
            self.add_command(command)
            return command

        return register


def entry(*names: str, words: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: one option, described by a Dutch sentence."""
    return click.option(*names, cls=Entry, help=words, **settings)


def language_option() -> Entry:
    """`--language`, which also holds for what is said about the other options."""

    def choose(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
        if value is not None:
            _terminal(ctx).chosen = value

    return Entry(
        ["--language"],
        type=click.Choice(SUPPORTED),
        help=N_("De taal van deze opdracht."),
        is_eager=True,
        expose_value=False,
        callback=choose,
    )


def _terminal(ctx: click.Context) -> Terminal:
    terminal = ctx.find_object(Terminal)
    if terminal is None:
        raise TypeError("a command runs with a Terminal")
    return terminal
