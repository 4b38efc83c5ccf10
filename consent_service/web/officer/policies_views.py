"""Views of the officers' pages on the rules: what holds, what is proposed, and what that would change."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from consent_service.web.components import FieldLine, Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View

State = Literal["can", "emergency", "preview", "never"]
"""Of a cell: it can be, only what is needed in an emergency, it can only be seen that it is shared, never."""


class RulesTab(Part, frozen=True):
    """One of the pages on the rules."""

    href: str
    label: str
    current: bool = False


class RuleVersion(Part, frozen=True):
    """Rules that hold or held. `propose_action` takes the POST that proposes them again.

    `judgeable`: this release can decide by them; if not, nothing is shared until others are in force.
    """

    hash: str
    since: datetime | None
    engine: str
    propose_action: str = ""
    judgeable: bool = True


class ProposalCard(Part, frozen=True):
    """A proposal in a list: what it is, who proposed it by function, when, and how it stands."""

    href: str
    state: str
    origin: str
    proposed_by: str
    at: datetime
    hash: str


class RulesPage(View, frozen=True):
    """Which rules hold now, what is proposed, and what held before.

    Without actions the reader only looks (AVG 38(6)). `on_disk`: the rules the software brings, when they
    are others than those in force.
    """

    template: ClassVar[str] = "officer/policies.html"
    tabs: tuple[RulesTab, ...]
    active: RuleVersion
    proposals: tuple[ProposalCard, ...]
    earlier: tuple[RuleVersion, ...]
    on_disk: str = ""
    propose_software: str = ""
    upload_action: str = ""
    edit_href: str = ""
    form: FormState = EMPTY


class ClausePart(Part, frozen=True):
    """One condition in words, or what stands above a list of them.

    `cedar`: there are no words for it, so it stands as its source. `unmet`: what is said when it does not
    hold.
    """

    text: str
    parts: tuple[ClausePart, ...] = ()
    lead: str = ""
    cedar: bool = False
    unmet: str = ""


class PolicyCard(Part, frozen=True):
    """One rule: what it says in plain words beside what the engine reads. `effect` is permit or forbid.

    `why` is what its author wrote above it, in English.
    """

    id: str
    heading: str
    effect: Literal["permit", "forbid"]
    clauses: tuple[ClausePart, ...]
    why: str
    reason: str
    legal_basis: str
    obligations: tuple[str, ...]
    place: str
    source: str
    edit_href: str = ""


class PolicyFolder(Part, frozen=True):
    """The rules of one folder under the folder's name."""

    key: str
    name: str
    policies: tuple[PolicyCard, ...]


class PoliciesPage(View, frozen=True):
    """Every rule in force, in plain words beside its source."""

    template: ClassVar[str] = "officer/policies_words.html"
    tabs: tuple[RulesTab, ...]
    hash: str
    folders: tuple[PolicyFolder, ...]


class MatrixCell(Part, frozen=True):
    """Whether it can be for a young child; `sign` and `words` say the same, so that colour is not needed.

    stops: what stops it here beside what stops the whole row. only_older: it can be for an older child.
    """

    state: State
    sign: str
    words: str
    stops: str = ""
    only_older: bool = False


class MatrixRow(Part, frozen=True):
    """One subject going one way, with a cell per column, and what stops it in each of them.

    goes_on: which of these stops do not hold for what is needed in an emergency.
    """

    label: str
    way: str
    cells: tuple[MatrixCell, ...]
    stops: str
    goes_on: str = ""


class MatrixPage(View, frozen=True):
    """Subjects by role for one purpose, or by purpose for one role. GET: `show`, `action`, `basis`.

    `never`: the subjects that no column can ever have.
    """

    template: ClassVar[str] = "officer/policies_matrix.html"
    tabs: tuple[RulesTab, ...]
    here: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    never: tuple[str, ...]
    legend: tuple[MatrixCell, ...]
    shows: tuple[Option, ...]
    actions: tuple[Option, ...]
    bases: tuple[Option, ...]
    form: FormState = EMPTY


class ProblemLine(Part, frozen=True):
    """One finding of the check: where, what to do, and what the check itself said."""

    where: str
    advice: str
    detail: str


class RefutedCard(Part, frozen=True):
    """Something that must always hold and would not: with a situation in which it goes wrong.

    `case` is the same situation as a case for policies/tests/. Without a situation it could not be proved.
    """

    says: str
    detail: str
    situation: tuple[FieldLine, ...] = ()
    determining: tuple[str, ...] = ()
    case: str = ""


class FailedCheck(Part, frozen=True):
    """Why a proposal was not kept."""

    problems: tuple[ProblemLine, ...] = ()
    refuted: tuple[RefutedCard, ...] = ()


class SourceField(Part, frozen=True):
    """One file to change; its text is in field `text-{number}`."""

    number: int
    file: str


class EditPage(View, frozen=True):
    """Files of the rules in force, to be changed together and proposed; or the choice of the first one.

    Fields `file-0`, `text-0` and on; button `step` proposes, or adds the file chosen in `file`.
    """

    template: ClassVar[str] = "officer/policies_edit.html"
    back_href: str
    action: str
    files: tuple[Option, ...]
    sources: tuple[SourceField, ...] = ()
    form: FormState = EMPTY
    failed: FailedCheck | None = None


class RefusedProposalPage(View, frozen=True):
    """What was proposed did not pass its checks and was not kept."""

    template: ClassVar[str] = "officer/policies_refused.html"
    back_href: str
    origin: str
    failed: FailedCheck


class DifferenceLine(Part, frozen=True):
    """One line of a text difference; `sign` is +, - or a space (both) or @ (a place)."""

    sign: str
    text: str


class FileDifferencePart(Part, frozen=True):
    """What changes in one file."""

    file: str
    lines: tuple[DifferenceLine, ...]
    added: int
    removed: int


class RuleInWords(Part, frozen=True):
    """What one rule says, as far as a reader can see a difference in it."""

    heading: str
    clauses: tuple[ClausePart, ...]
    reason: str
    legal_basis: str


class RuleDifference(Part, frozen=True):
    """One rule as it is and as it would become; None where there is or would be none."""

    id: str
    before: RuleInWords | None
    after: RuleInWords | None


class EntryLink(Part, frozen=True):
    """A decision of the past, by its entry in the log."""

    href: str
    label: str


class ChangeCard(Part, frozen=True):
    """Decisions of the past with the same facts that come out otherwise.

    `key` is what can be approved; empty when there is nothing to approve, or this officer already did.
    """

    key: str
    about: str
    who: str
    purpose: str
    action: str
    before: str
    after: str
    count: int
    entries: tuple[EntryLink, ...]
    situation: tuple[FieldLine, ...]
    approved_by: tuple[str, ...] = ()


class WideningCard(Part, frozen=True):
    """What could be released although it never happened yet: a situation, and what else comes out alike.

    also: other values of some lines; every combination of them is allowed as well.
    """

    key: str
    about: str
    who: str
    basis: str
    action: str
    situation: tuple[FieldLine, ...]
    determining: tuple[str, ...]
    also: tuple[FieldLine, ...] = ()
    approved_by: tuple[str, ...] = ()


class PromiseCard(Part, frozen=True):
    """An invariant in force that the proposal drops, or says otherwise."""

    key: str
    says: str
    dropped: bool
    approved_by: tuple[str, ...] = ()


class ReplayPart(Part, frozen=True):
    """How many past decisions were judged again, and how they come out."""

    replayed: int
    same: int
    to_deny: int
    to_allow: int
    otherwise: int
    unreadable: int
    other_engine: int
    cut: bool = False
    """There are more, older ones, which were left out."""


class ProposalPage(View, frozen=True):
    """One proposal: the difference as text and as decisions, what is needed still, and the buttons."""

    template: ClassVar[str] = "officer/policies_proposal.html"
    back_href: str
    card: ProposalCard
    replaces: str
    stale: bool
    missing: tuple[str, ...]
    approvals: tuple[FieldLine, ...]
    rules: tuple[RuleDifference, ...]
    differences: tuple[FileDifferencePart, ...]
    replay: ReplayPart
    to_allow: tuple[ChangeCard, ...]
    widenings: tuple[WideningCard, ...]
    to_deny: tuple[ChangeCard, ...]
    otherwise: tuple[ChangeCard, ...]
    promises: tuple[PromiseCard, ...] = ()
    comparable: bool = True
    """Whether the rules in force can still be judged; if not, the answers as recorded are compared with."""
    replaced_again: bool = False
    """It is stale, and yet the rules it was made on are in force: others were in between."""
    tally: str = ""
    """How much of what is approved one by one is approved."""
    why_not_approve: str = ""
    approve_action: str = ""
    withdraw_action: str = ""
    activate_action: str = ""
    form: FormState = EMPTY


class RerunLine(Part, frozen=True):
    """One asked subject: what was answered then and what the same rules answer now."""

    label: str
    then: str
    now: str
    same: bool


class RerunPage(View, frozen=True):
    """A recorded decision made again by the rules of that moment; `why_not` when that cannot be done."""

    template: ClassVar[str] = "officer/policies_rerun.html"
    back_href: str
    entry: str
    bundle: str
    same: bool
    lines: tuple[RerunLine, ...] = ()
    why_not: str = ""
