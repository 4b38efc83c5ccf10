"""Turns what is known of the rules and of a proposal into the views of the pages. Pure: values in, views out.

Asking the services is the routes'; what a code or a situation is called is `policies_words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from consent_service.audit.events import By
from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import N_, problem_sentence, translator
from consent_service.foundation.ids import is_id
from consent_service.information.texts import LanguageTexts
from consent_service.policy.bundle import Bundle
from consent_service.policy.proposals import (
    WHOLE,
    ApprovalLine,
    BundleLine,
    CheckFailed,
    FileDifference,
    PolicyOverview,
    ProposalLine,
    ProposalView,
    Rerun,
    RerunObstacle,
    Widening,
)
from consent_service.policy.replay import Change, ChangeKind, ReplayReport
from consent_service.web.components import FieldLine
from consent_service.web.officer.policies_views import (
    ChangeCard,
    DifferenceLine,
    EntryLink,
    FailedCheck,
    FileDifferencePart,
    ProblemLine,
    PromiseCard,
    ProposalCard,
    RefutedCard,
    ReplayPart,
    RerunLine,
    RulesTab,
    RuleVersion,
    WideningCard,
)
from consent_service.web.officer.policies_words import RuleWords
from consent_service.web.officer.room import home
from consent_service.web.officer.wording import LogWords
from consent_service.web.visit import Officer

HERE: Final = "spelregels"
PROPOSALS: Final = "voorstellen"
EDIT: Final = "bewerken"
IN_WORDS: Final = "in-woorden"
TABLE: Final = "wie-mag-wat"
TABS: Final[Mapping[str, str]] = {
    "": N_("Wat geldt en wat is voorgesteld"),
    IN_WORDS: N_("De regels in gewone taal"),
    TABLE: N_("Wie mag wat"),
}
_SHOWN_ENTRIES: Final = 10
_SHORT: Final = 12
OBSTACLES: Final[Mapping[RerunObstacle, str]] = {
    "no_decision": N_("Bij deze regel van het logboek hoort geen beslissing om over te doen."),
    "erased": N_("De feiten van toen zijn gewist, met de gegevens van dit kind. Overdoen kan niet meer."),
    "damaged": N_("De feiten van toen zijn niet meer zoals ze zijn opgeschreven. Meld dit meteen."),
    "bundle_missing": N_("De regels van toen zijn niet bewaard. Meld dit aan de beheerder."),
    "bundle_damaged": N_("De regels van toen zijn niet meer zoals ze zijn bewaard. Meld dit meteen."),
    "engine_gone": N_(
        "De regels van toen zijn voor een andere versie van de rekenmachine. Met deze versie kan het niet "
        "precies over."
    ),
}


class RuleShowing:
    """One officer and one language."""

    def __init__(self, actor: Officer, texts: LanguageTexts, *, decides: bool) -> None:
        self.language = texts.language
        self._actor = actor
        self._said = translator(texts.language)
        self._log = LogWords(texts)
        self.words = RuleWords(texts)
        self._decides = decides

    def at(self, *parts: str) -> str:
        """An address below the rules."""
        return home(self._actor, HERE, *parts)

    def tabs(self, here: str) -> tuple[RulesTab, ...]:
        """The pages on the rules; `here` is part of the address."""
        return tuple(
            RulesTab(self.at(part) if part else self.at(), self._said.text(label), part == here)
            for part, label in TABS.items()
        )

    def version(self, line: BundleLine, *, again: bool = False) -> RuleVersion:
        """Rules that hold or held, with the way to propose them again."""
        propose = self.at(PROPOSALS, "eerder", line.hash) if again and self._decides else ""
        return RuleVersion(line.hash, line.since, line.engine, propose, line.judgeable)

    def earlier(self, overview: PolicyOverview) -> tuple[RuleVersion, ...]:
        """Rules that held before; those of an engine that is gone cannot hold again."""
        return tuple(self.version(line, again=line.judgeable) for line in overview.earlier)

    def card(self, line: ProposalLine) -> ProposalCard:
        """A proposal in a list or above its page."""
        return ProposalCard(
            href=self.at(PROPOSALS, line.proposal),
            state=line.state,
            origin=self.words.origin(line.origin),
            proposed_by=self.by(line.proposed_by),
            at=line.proposed_at,
            hash=line.hash,
        )

    def by(self, who: str) -> str:
        """A function and the end of an id; never a name."""
        return self._log.by(By("privacy_coordinator", who) if is_id(who) else By("operator", ""))

    def failed(self, outcome: CheckFailed) -> FailedCheck:
        """All findings, and each broken promise with its counterexample."""
        return FailedCheck(
            tuple(ProblemLine(one.where, self.words.problem(one), one.detail) for one in outcome.problems),
            tuple(self._refuted(outcome)),
        )

    def missing(self, view: ProposalView) -> tuple[str, ...]:
        """What is still needed, in words."""
        return tuple(
            " ".join((problem_sentence(Problem("goed", code), self._said.language), *self._tally(code, view)))
            for code in view.missing
            if code not in ("policies.closed", "policies.stale")
        )

    def tally(self, view: ProposalView) -> str:
        """How much of what is approved one by one is approved; nothing when there is none of it."""
        items = _items(view)
        done = len(items & settled(view, self._actor.staff))
        said = N_("Apart goedgekeurd: {done} van {all}. Nog open: {open}.")
        return self._said.text(said, done=done, all=len(items), open=len(items) - done) if items else ""

    def why_not_approve(self, view: ProposalView) -> str:
        """Why there is no button although the proposal is open; nothing when there is one."""
        if view.line.state != "open" or view.may_approve:
            return ""
        if not self._decides:
            return self._said.text(N_("U houdt toezicht. Goedkeuren doen twee privacycoördinatoren."))
        if view.line.proposed_by == self._actor.staff:
            return self._said.text(
                N_("U stelde dit zelf voor. Een andere privacycoördinator bekijkt het en keurt het goed.")
            )
        return self._said.text(N_("U keurde alles goed wat nodig is."))

    def approvals(self, approved: Iterable[ApprovalLine]) -> tuple[FieldLine, ...]:
        """Who stands behind the proposal as a whole, besides whoever proposed it."""
        label = self._said.text(N_("Goedgekeurd door"))
        return tuple(
            FieldLine(label, f"{self.by(one.approved_by)}, {self._said.instant(one.approved_at)}")
            for one in approved
            if one.item == WHOLE
        )

    def replay(self, report: ReplayReport) -> ReplayPart:
        """The numbers."""
        counted = {kind: sum(one.count for one in report.of_kind(kind)) for kind in _KINDS}
        return ReplayPart(
            replayed=report.replayed,
            same=report.same,
            to_deny=counted["to_deny"],
            to_allow=counted["to_allow"],
            otherwise=counted["otherwise"],
            unreadable=report.unreadable,
            other_engine=report.other_engine,
            cut=report.cut,
        )

    def changes(
        self, view: ProposalView, kind: ChangeKind, bundles: tuple[Bundle | None, Bundle | None]
    ) -> tuple[ChangeCard, ...]:
        """What comes out otherwise; `bundles` are the rules of then and those proposed, for their reasons."""
        done = settled(view, self._actor.staff)
        return tuple(self._change(one, view.approved, bundles, done) for one in view.replay.of_kind(kind))

    def widenings(self, view: ProposalView) -> tuple[WideningCard, ...]:
        """What could be released although it never happened."""
        done = settled(view, self._actor.staff)
        return tuple(self._widening(one, view.approved, done) for one in view.widenings)

    def promises(self, view: ProposalView) -> tuple[PromiseCard, ...]:
        """What was promised never to be, and would be promised no longer or otherwise."""
        done = settled(view, self._actor.staff)
        return tuple(
            PromiseCard(
                key=_to_tick(one.key, done),
                says=one.says.get(self._said.language) or one.says["nl"],
                dropped=one.kind == "dropped",
                approved_by=self._approvers(one.key, view.approved),
            )
            for one in view.invariants
        )

    def difference(self, found: FileDifference) -> FileDifferencePart:
        """One file, line by line."""
        signs = [sign for sign, _ in found.lines]
        return FileDifferencePart(
            found.file,
            tuple(DifferenceLine(sign, text) for sign, text in found.lines),
            added=signs.count("+"),
            removed=signs.count("-"),
        )

    def rerun(self, made: Rerun, bundle: Bundle) -> tuple[RerunLine, ...]:
        """What was answered then beside what comes out now, per asked subject."""
        return tuple(
            RerunLine(
                self.words.about(facts.key, emergency=facts.emergency),
                self.words.answer(bundle, facts.key, then),
                self.words.answer(bundle, facts.key, now),
                then == now,
            )
            for facts, then, now in zip(made.question.types, made.then, made.now, strict=True)
        )

    def obstacle(self, why: RerunObstacle) -> str:
        """Why a decision cannot be made again, and what to do."""
        return self._said.text(OBSTACLES[why])

    def _refuted(self, outcome: CheckFailed) -> Iterator[RefutedCard]:
        for proof in outcome.refuted:
            says = proof.says.get(self._said.language) or proof.says.get("nl") or proof.invariant
            found = proof.counterexample
            if found is None:
                yield RefutedCard(says, proof.detail)
            else:
                situation = self.words.situation(found.question, preview=found.preview)
                yield RefutedCard(says, proof.detail, situation, found.determining, found.case)

    def _change(
        self,
        change: Change,
        approved: Iterable[ApprovalLine],
        bundles: tuple[Bundle | None, Bundle | None],
        done: frozenset[str],
    ) -> ChangeCard:
        before, after = bundles
        words = self.words
        return ChangeCard(
            key=_to_tick(change.key, done) if change.kind == "to_allow" else "",
            about=words.about(change.type, emergency=change.emergency),
            who=words.reader(change.reader_kind, change.role),
            purpose=words.purpose(change.purpose),
            action=words.action(change.action),
            before=words.answer(before, change.type, change.before),
            after=words.answer(after, change.type, change.after),
            count=change.count,
            entries=tuple(
                EntryLink(home(self._actor, "regels", one), f"{self._said.text(N_('Regel'))} {one[-8:]}")
                for one in change.entries[:_SHOWN_ENTRIES]
            ),
            situation=words.situation(change.question),
            approved_by=self._approvers(change.key, approved),
        )

    def _widening(
        self, widening: Widening, approved: Iterable[ApprovalLine], done: frozenset[str]
    ) -> WideningCard:
        facts = widening.question.types[0]
        return WideningCard(
            key=_to_tick(widening.key, done),
            about=self.words.about(widening.type, emergency=facts.emergency),
            who=self.words.reader(widening.question.reader.kind, widening.question.reader.role),
            basis=self.words.basis(widening.basis),
            action=self.words.action(widening.action),
            situation=self.words.situation(widening.question, preview=widening.preview),
            determining=widening.determining,
            also=self._also(widening),
            approved_by=self._approvers(widening.key, approved),
        )

    def _also(self, widening: Widening) -> tuple[FieldLine, ...]:
        """What each line of the situation can be as well, in its own words."""
        said = self.words.situation(widening.question, preview=widening.preview)
        others: dict[str, dict[str, None]] = {}
        for one in widening.varied:
            for line in self.words.situation(one.question, preview=one.preview):
                if line not in said:
                    others.setdefault(line.label, {})[line.value] = None
        return tuple(FieldLine(label, " / ".join(values)) for label, values in others.items())

    def _tally(self, code: str, view: ProposalView) -> tuple[str, ...]:
        return (self.tally(view),) if code == "policies.items" else ()

    def _approvers(self, item: str, approved: Iterable[ApprovalLine]) -> tuple[str, ...]:
        return tuple(self.by(one.approved_by) for one in approved if one.item == item)


def settled(view: ProposalView, officer: str) -> frozenset[str]:
    """What was approved by itself, by anyone but the proposer: told, and not asked again.

    When everything was and the service still misses some, an approval no longer counts (whoever gave it is
    no coordinator any more): then only what this officer approved is settled, and the rest is asked again.
    """
    others = [one for one in view.approved if one.approved_by != view.line.proposed_by]
    given = frozenset(one.item for one in others)
    if "policies.items" in view.missing and _items(view) <= given:
        return frozenset(one.item for one in others if one.approved_by == officer)
    return given


def _items(view: ProposalView) -> frozenset[str]:
    """What is approved one by one."""
    changes = {one.key for one in view.replay.of_kind("to_allow")}
    widenings, promises = {one.key for one in view.widenings}, {one.key for one in view.invariants}
    return frozenset(changes | widenings | promises)


def _to_tick(item: str, done: frozenset[str]) -> str:
    return "" if item in done else item


_KINDS: Final[tuple[ChangeKind, ...]] = ("to_allow", "to_deny", "otherwise")
