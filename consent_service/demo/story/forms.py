"""Reads a page as a person does: its heading, its words, its links, and its forms with their fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from html.parser import HTMLParser
from typing import Final

import msgspec

from consent_service.demo.story.outcome import DifferentError

Entered = Mapping[str, str | date | tuple[str, ...]]
"""What is filled in, by field name; a day fills the three parts of a date field."""

_VOID: Final = frozenset({"input", "br", "link", "meta", "img", "hr", "use"})
_SILENT: Final = frozenset({"script", "style", "title"})


class Control(msgspec.Struct):
    """One field: its values as they stand, and for a choice the words of each value it may have."""

    kind: str
    chosen: list[str]
    choices: dict[str, str] = {}


class Button(msgspec.Struct, frozen=True):
    """A button that sends its form."""

    name: str
    value: str
    words: str


class Form(msgspec.Struct):
    """A form as it stands on the page."""

    method: str
    action: str
    controls: dict[str, Control] = {}
    buttons: list[Button] = []

    def button(self, wanted: str) -> Button | None:
        """The button with these words, or with `name=value`."""
        for one in self.buttons:
            if wanted in one.words or wanted == f"{one.name}={one.value}":
                return one
        return None

    def value_of(self, name: str, words: str) -> str:
        """The value of the choice that reads `words`.

        Raises:
            DifferentError: there is no such choice.
        """
        control = self.controls.get(name, Control("", []))
        for value, label in control.choices.items():
            if words in label:
                return value
        raise DifferentError(f"{name}: {words}", ", ".join(control.choices.values()))

    def filled(self, entered: Entered) -> list[tuple[str, str]]:
        """What is sent: hidden and standing values, with what was entered instead.

        Raises:
            DifferentError: a field or a choice that the form does not have.
        """
        sent = {name: list(control.chosen) for name, control in self.controls.items()}
        for name, value in _parts(entered):
            control = self.controls.get(name)
            if control is None:
                raise DifferentError(name, ", ".join(self.controls))
            values = [value] if isinstance(value, str) else list(value)
            if control.choices and set(values) - control.choices.keys():
                raise DifferentError(f"{name}: {', '.join(values)}", ", ".join(control.choices))
            sent[name] = values
        return [(name, value) for name, values in sent.items() for value in values]


class Page(msgspec.Struct):
    """What came back for one request."""

    address: str
    status: int
    html: str
    heading: str
    words: str
    links: list[tuple[str, str]]
    forms: list[Form]
    articles: list[str]
    """The heading of each item of content that is shown."""
    facts: dict[str, str]
    """What stands beside each term."""

    def link(self, words: str) -> str:
        """Where the link with these words leads.

        Raises:
            DifferentError: there is none.
        """
        for href, label in self.links:
            if words in label:
                return href
        raise DifferentError(f"link: {words}", self.summary())

    def has_link(self, words: str) -> bool:
        """Whether a link with these words is there."""
        return any(words in label for _, label in self.links)

    def form_with(self, button: str) -> tuple[Form, Button]:
        """The form with that button.

        Raises:
            DifferentError: no form has it.
        """
        for form in self.forms:
            if found := form.button(button):
                return form, found
        raise DifferentError(f"button: {button}", self.summary())

    def summary(self) -> str:
        """The page in one line, for when something differs."""
        return f"{self.status} {self.address} | {self.heading} | {self.words[:400]}"


def read_page(address: str, status: int, html: str) -> Page:
    """The page in `html`."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Page(
        address=address,
        status=status,
        html=html,
        heading=_plain(reader.heading),
        words=_plain(reader.words),
        links=[(href, _plain(words)) for href, words in reader.links],
        forms=reader.finished(),
        articles=[_plain(heading) for heading in reader.articles],
        facts={_plain(term): _plain(words) for term, words in reader.facts},
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words = ""
        self.heading = ""
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.articles: list[str] = []
        self.facts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._form: Form | None = None
        self._link: str | None = None
        self._button: tuple[str, str] | None = None
        self._collected = ""
        self._label_for: str | None = None
        self._labels: dict[str, str] = {}
        self._ids: dict[str, tuple[Control, str]] = {}
        self._select: Control | None = None
        self._option: str | None = None
        self._area: Control | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append(tag)
        self.words += " "
        match tag:
            case "form":
                self._form = Form(given.get("method", "get"), given.get("action", ""))
                self.forms.append(self._form)
            case "a":
                self._link, self._collected = given.get("href", ""), ""
            case "button":
                self._button, self._collected = (given.get("name", ""), given.get("value", "")), ""
            case "label":
                self._label_for = given.get("for")
            case "article":
                self.articles.append("")
            case "dt":
                self.facts.append(("", ""))
            case "option":
                self._read_option(given)
            case "input" | "select" | "textarea":
                self._read_control(tag, given)
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        self.words += " "
        if tag == "form":
            self._form = None
        elif tag == "a" and self._link is not None:
            self.links.append((self._link, self._collected))
            self._link = None
        elif tag == "button" and self._button is not None:
            if self._form is not None:
                self._form.buttons.append(Button(*self._button, _plain(self._collected)))
            self._button = None
        elif tag in ("label", "option", "select", "textarea"):
            self._label_for = None if tag == "label" else self._label_for
            self._option = None
            self._select = None if tag == "select" else self._select
            self._area = None if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        if _SILENT & set(self._open):
            return
        if self._area is not None:
            self._area.chosen = [data.removeprefix("\n")]
            return
        if self._select is not None:
            if self._option is not None:
                self._select.choices[self._option] = _plain(self._select.choices[self._option] + data)
            return
        self.words += data
        self._collected += data
        self._note_structure(data)
        if self._label_for:
            self._labels[self._label_for] = self._labels.get(self._label_for, "") + data

    def _note_structure(self, data: str) -> None:
        if "h1" in self._open:
            self.heading += data
        if "article" in self._open and "h3" in self._open:
            self.articles[-1] += data
        if self.facts and ("dt" in self._open or "dd" in self._open):
            term, words = self.facts[-1]
            self.facts[-1] = (term + data, words) if "dt" in self._open else (term, words + data)

    def finished(self) -> list[Form]:
        """The forms, each choice with the words of its label."""
        for identifier, (control, value) in self._ids.items():
            control.choices[value] = _plain(self._labels.get(identifier, ""))
        return self.forms

    def _read_control(self, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if self._form is None or not name:
            return
        kind = given.get("type", "text") if tag == "input" else tag
        control = self._form.controls.setdefault(name, Control(kind, []))
        value = given.get("value", "on" if kind == "checkbox" else "")
        if kind in ("radio", "checkbox"):
            control.choices[value] = ""
            self._ids[given.get("id", f"{name}-{value}")] = (control, value)
            if "checked" in given:
                control.chosen.append(value)
        elif tag == "input":
            control.chosen = [value]
        elif tag == "select":
            control.chosen, self._select = [""], control
        else:
            control.chosen, self._area = [""], control

    def _read_option(self, given: dict[str, str]) -> None:
        if self._select is None:
            return
        self._option = given.get("value", "")
        self._select.choices[self._option] = ""
        if "selected" in given:
            self._select.chosen = [self._option]


def _parts(entered: Entered) -> list[tuple[str, str | tuple[str, ...]]]:
    parts: list[tuple[str, str | tuple[str, ...]]] = []
    for name, value in entered.items():
        if isinstance(value, date):
            parts += [(f"{name}-{part}", str(getattr(value, part))) for part in ("day", "month", "year")]
        else:
            parts.append((name, value))
    return parts


def _plain(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip()
