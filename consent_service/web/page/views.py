"""Views of the own page, and of choosing and renewing what opens it. No name stands in a title or address."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from consent_service.identity.page_factors import FactorKind
from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View
from consent_service.web.together.views import OwnToDoLine
from consent_service.web.vocabulary import Answer

Young = Literal["", "heard", "together", "alone"]
"""Empty for a guardian; else how much the child decides, and the page speaks to a young person."""


class OwnCodePage(View, frozen=True):
    """Type the code on the paper; the same page whether anybody has that code or not."""

    template: ClassVar[str] = "page/code.html"
    action: str
    stop_href: str
    form: FormState = EMPTY


class OwnFactorPage(View, frozen=True):
    """Type the six digits. `messages`: they may also have been sent, to some."""

    template: ClassVar[str] = "page/factor.html"
    action: str
    code_token: str
    challenge: str
    again_href: str
    messages: bool = False
    form: FormState = EMPTY
    stop_href: str = "/intrekken"


class OwnLine(Part, frozen=True):
    """One type: whether the school gets it now, until when and why, and my own answer to it.

    `until` is the last day of my own yes where `why` does not say it. `stop`, `object` and `lift` are what
    one tap sends; empty when there is nothing to stop, to object to or to lift. `change` asks the question
    again; `wrong` is what "this is not right" sends.
    """

    type_key: str
    label: str
    who_sees: str
    shared: bool
    why: str
    until: date | None
    answer: Answer
    stop: str = ""
    object: str = ""
    lift: str = ""
    change: str = ""
    wrong: str = ""


class OwnPlacePart(Part, frozen=True):
    """One child at one school: what the school sees now, what it does not see, and what it tells us."""

    child: str
    school: str
    shared: tuple[OwnLine, ...]
    not_shared: tuple[OwnLine, ...]
    told: tuple[OwnLine, ...]
    """What may come from the school to the counsellor now."""
    not_told: tuple[OwnLine, ...]

    @property
    def lines(self) -> tuple[OwnLine, ...]:
        """All of it."""
        return (*self.shared, *self.not_shared, *self.told, *self.not_told)


class OwnChoicesNowPage(View, frozen=True):
    """What is shared now, with whom, until when and why; stopping is one tap."""

    template: ClassVar[str] = "page/own.html"
    stop_action: str
    object_action: str
    lift_action: str
    change_action: str
    wrong_action: str
    wrong_token: str
    who_looked_href: str
    secure_href: str
    leave_action: str
    messages_href: str
    unread: int
    young: Young
    places: tuple[OwnPlacePart, ...]
    anything_to_stop: bool
    about_me: tuple[OwnLine, ...] = ()
    """What I told about myself and no place shows; without child and school."""
    meetings_href: str = ""
    rights_href: str = ""
    meldcode_href: str = ""
    timeline_href: str = ""
    file_href: str = ""
    to_do: tuple[OwnToDoLine, ...] = ()
    """What may still be done here; nothing of it must."""


class OwnQuestionPage(View, frozen=True):
    """One question again: the same words and the same three buttons as on the tablet. `about`: which one."""

    template: ClassVar[str] = "page/question.html"
    action: str
    about: str
    step_token: str
    back_href: str
    child: str
    school: str
    type_key: str
    label: str
    question: str
    explanation: str
    who_sees: str
    until: str
    never_address: str
    fixed_line: str
    earlier: Literal["", "yes", "no", "later"]
    organisation: str
    who_we_are: str
    young: Young = ""
    draft_text: bool = False
    form: FormState = EMPTY


class LookedType(Part, frozen=True):
    """One type that was seen, and what "this is not right" sends."""

    label: str
    wrong: str


class LookedDayPart(Part, frozen=True):
    """Everything one organisation saw on one day in one role for one purpose. Never a name of staff."""

    day: date
    child: str
    organisation: str
    role: str
    purpose: str
    types: tuple[LookedType, ...]
    times: int
    proof: str
    """A code of `vocabulary.LINE_PROOFS`."""
    emergency: bool = False


class DestroyedPart(Part, frozen=True):
    """What was destroyed about one child and school, and how far: a sentence for each of the three stages."""

    child: str
    school: str
    stages: tuple[str, ...]


class WhoLookedDaysPage(View, frozen=True):
    """Who looked, day by day, newest first; asking and getting nothing is not looking. What was destroyed.

    That the lines shown are in the log is proved; that none is missing this page does not claim.
    """

    template: ClassVar[str] = "page/who_looked.html"
    back_href: str
    wrong_action: str
    wrong_token: str
    young: Young
    days: tuple[LookedDayPart, ...]
    destroyed: tuple[DestroyedPart, ...] = ()
    log_action: str = ""
    """Takes the POST that hands over the log; empty for who is answered by a person."""


class ReportedPage(View, frozen=True):
    """Somebody said that something is not right; the counsellor calls. Nothing was typed."""

    template: ClassVar[str] = "page/reported.html"
    back_href: str
    young: Young


class ChooseFactorPage(View, frozen=True):
    """Choose what opens the own page beside the code. `code` is a new code, shown this once.

    `ask_old`: the old PIN is asked, since whoever is here may have found the page open.
    """

    template: ClassVar[str] = "page/choose_factor.html"
    action: str
    later_href: str
    address: str
    channels: tuple[str, ...]
    chosen: FactorKind | Literal[""] = ""
    code: str = ""
    young: Young = ""
    form: FormState = EMPTY
    ask_old: bool = False


class AccessLine(Part, frozen=True):
    """What one person has to get to the own page."""

    person: str
    name: str
    is_child: bool
    has_code: bool
    factor: FactorKind | Literal["none"]


class PageAccessPage(View, frozen=True):
    """The counsellor takes away or renews what was lost, stolen or seen."""

    template: ClassVar[str] = "page/access.html"
    action: str
    back_href: str
    step_token: str
    people: tuple[AccessLine, ...]
    form: FormState = EMPTY

    @property
    def options(self) -> tuple[Option, ...]:
        """Whom it is about."""
        return tuple(Option(line.person, line.name) for line in self.people)


class NewCodePage(View, frozen=True):
    """A new code on paper, shown this once: a date and a code, and nothing else."""

    template: ClassVar[str] = "page/new_code.html"
    made_on: date
    code: str
    back_href: str
