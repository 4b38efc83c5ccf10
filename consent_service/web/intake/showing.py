"""Views of the intake, for a parent or a child, and the exact words each question shows."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from consent_service.audit.checkpoint import read_note
from consent_service.audit.reading import newest_checkpoint
from consent_service.consent.drawing import svg_path
from consent_service.consent.model import Answer, Question
from consent_service.consent.screen import Screen
from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import N_, translator
from consent_service.information.child_text import ChildText
from consent_service.web.child.views import (
    ChildCheckPage,
    ChildDonePage,
    ChildQuestionPage,
    ChildReceiptPage,
    ChildSignPage,
    ChildTalkingPointsPage,
    ChildWelcomePage,
)
from consent_service.web.components import PasskeyAsked
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.intake.desk import Desk
from consent_service.web.intake.explaining import (
    CHILD,
    COUNT,
    PARENT,
    ChildExplainPage,
    ExplainChoice,
    ExplainPage,
)
from consent_service.web.intake.forms import SignedBy
from consent_service.web.intake.views import (
    AnswerLine,
    CheckPage,
    ChildAnswers,
    DonePage,
    NeutralReceiptPage,
    QuestionPage,
    ReceiptPage,
    SignPage,
    TalkingPoint,
    TalkingPointsPage,
    WelcomePage,
)
from consent_service.web.receipts.showing import paper_links
from consent_service.web.vocabulary import ANSWERS

DRAFT_NOTICE = N_("Proefversie: deze tekst is nog niet door een mens nagekeken.")
EARLIER = N_("U koos eerder: {answer}.")
EARLIER_CHILD = N_("Je koos eerder: {answer}.")
NOTHING_TOLD = N_("U zei overal nee of later. Met deze handtekening vertellen wij de school niets.")
CHOICES = ("yes", "no", "later")


def welcome_page(desk: Desk) -> WelcomePage:
    """Who asks, and how many questions there are for each child."""
    page = ChildWelcomePage if desk.is_child else WelcomePage
    return page(
        action=desk.at("begin"),
        guardian=desk.person,
        organisation=desk.organisation,
        who_we_are=desk.general.who_we_are,
        questions=len({question.information_type for question in desk.sitting.questions}),
        not_now_action=desk.at("nu-niet"),
        tell_myself_action=desk.at("zelf"),
        say_no=desk.general.say_no,
        parents_see=desk.parents_see,
    )


def explain_page(desk: Desk, number: int, *, explained: bool = False, was_right: bool = False) -> ExplainPage:
    """One of the questions with pictures; `explained`: once more in words, after a wrong answer."""
    check = (CHILD if desk.is_child else PARENT)[number - 1]
    said = translator(desk.sitting.language)
    page = ChildExplainPage if desk.is_child else ExplainPage
    return page(
        action=desk.at("uitleg", str(number)),
        number=number,
        total=COUNT,
        icon=check.icon,
        question=said.text(check.question),
        choices=tuple(ExplainChoice(code, icon, said.text(words)) for code, icon, words in check.answers),
        skip_href=desk.onward(),
        onward_href=desk.at("uitleg", str(number + 1)) if number < COUNT else desk.onward(),
        explained=said.text(check.explained) if explained else "",
        was_right=was_right,
    )


def screen_of(desk: Desk, number: int) -> Screen:
    """Every text of one question as `question_page` shows it; its hash is kept with the answer."""
    question = desk.sitting.questions[number - 1]
    language = desk.sitting.language
    said = translator(language)
    text = desk.visit.services.texts.of_type(language, question.information_type)
    words = desk.words(question.information_type)
    earlier = _earlier(desk, question)
    earlier_line = EARLIER_CHILD if desk.is_child else EARLIER
    return Screen(
        language=language,
        number=number,
        total=len(desk.sitting.questions),
        draft_notice=said.text(DRAFT_NOTICE) if text.review == "draft" else "",
        child=desk.child(question),
        school=desk.schools[question.relationship],
        label=words.label,
        question=words.question,
        who_sees=words.who_sees,
        until=words.until,
        never=words.never,
        say_no=desk.general.say_no,
        earlier=said.text(earlier_line, answer=said.text(ANSWERS[earlier])) if earlier else "",
        choices=tuple(said.text(ANSWERS[choice]) for choice in CHOICES),
        explanation=words.explanation,
        organisation=desk.organisation,
        who_we_are=desk.general.who_we_are,
        parents_see=desk.parents_see,
    )


def question_page(desk: Desk, number: int, token: str, form: FormState = EMPTY) -> QuestionPage:
    """One question about one child."""
    question = desk.sitting.questions[number - 1]
    screen = screen_of(desk, number)
    page = ChildQuestionPage if desk.is_child else QuestionPage
    return page(
        action=desk.at("vraag", str(number)),
        step_token=token,
        number=screen.number,
        total=screen.total,
        child=screen.child,
        type_key=question.information_type,
        label=screen.label,
        question=screen.question,
        explanation=screen.explanation,
        who_sees=screen.who_sees,
        until=screen.until,
        fixed_line=screen.say_no,
        never_address=screen.never,
        school=screen.school,
        organisation=screen.organisation,
        who_we_are=screen.who_we_are,
        back_href=desk.at("vraag", str(number - 1)) if number > 1 else "",
        earlier=_earlier(desk, question),
        draft_text=bool(screen.draft_notice),
        not_now_action=desk.at("nu-niet"),
        save_action=desk.at("bewaren"),
        parents_see=screen.parents_see,
        form=form,
    )


def check_page(desk: Desk) -> CheckPage:
    """All answers once more, each with the way to change just that one."""
    given = desk.sitting.answers
    page = ChildCheckPage if desk.is_child else CheckPage
    return page(
        sign_href=desk.at("tekenen"),
        guardian=desk.person,
        children=_children(desk, lambda q: given[q.relationship, q.information_type], change=True),
        fixed_line=desk.general.say_no,
        save_action=desk.at("bewaren"),
        not_now_action=desk.at("nu-niet"),
        tell_myself_action=desk.at("zelf"),
    )


def statement_of(desk: Desk) -> str:
    """What the signature stands under; nobody who said yes to nothing is made to say she agrees."""
    if "yes" in desk.sitting.answers.values():
        return f"{desk.general.statement} {desk.general.withdraw}"
    if isinstance(desk.general, ChildText):
        return desk.general.nothing_told
    return translator(desk.sitting.language).text(NOTHING_TOLD)


def sign_page(
    desk: Desk, token: str, form: FormState = EMPTY, passkey: PasskeyAsked | None = None
) -> SignPage:
    """Sign with the own name, or let the counsellor sign as a witness."""
    page = ChildSignPage if desk.is_child else SignPage
    return page(
        action=desk.at("tekenen"),
        step_token=token,
        guardian=desk.person,
        back_href=desk.at("controle"),
        statement=statement_of(desk),
        form=form,
        passkey=passkey,
    )


async def receipt_page(desk: Desk, code: str, method: SignedBy) -> ReceiptPage:
    """What was answered, the code to stop with, and where the log stood.

    Raises:
        ValueError: the sitting was not signed.
    """
    signed_at = desk.sitting.finished_at
    if signed_at is None:
        raise ValueError("the sitting is not signed")
    services = desk.visit.services
    signature = await services.sittings.signed_as(desk.actor, desk.sitting.sitting)
    standing = await services.consent.own_answers(desk.actor)
    answers: dict[Question, Answer] = {}
    for question in desk.sitting.questions:
        known = standing.get((question.relationship, question.information_type))
        if known is not None and known.answer in ("yes", "no", "later"):
            answers[question] = known.answer
    texts = services.texts.of(desk.sitting.language)
    lost = await services.sittings.overruled(desk.actor, desk.sitting.sitting)
    page = ChildReceiptPage if desk.is_child else ReceiptPage
    return page(
        organisation=desk.organisation,
        guardian=desk.person,
        signed_at=signed_at,
        method=method,
        signed_name=signature.written_name if signature is not None else "",
        signed_drawing=svg_path(signature.drawing) if signature is not None and signature.drawing else "",
        children=_children(desk, answers.get, change=False),
        withdrawal_code=code,
        withdraw_address=f"{urlsplit(desk.visit.doors.settings.public_origin).netloc}/intrekken",
        text_version=f"{texts.language} {texts.hash[:16]}",
        checkpoint=await _checkpoint(desk),
        neutral_href=desk.at("bewijs", "code"),
        done_href=desk.at("klaar"),
        papers=paper_links(desk.at("bewijs.pdf"), services.receipts.languages),
        overruled=tuple(dict.fromkeys(desk.words(key).label for _, key in sorted(lost))),
    )


def talking_points_page(desk: Desk) -> TalkingPointsPage:
    """What she may tell herself, by the labels of what she was asked (S52)."""
    page = ChildTalkingPointsPage if desk.is_child else TalkingPointsPage
    asked = dict.fromkeys(question.information_type for question in desk.sitting.questions)
    points = (TalkingPoint(key, desk.words(key).label, desk.words(key).never) for key in asked)
    return page(tuple(points), done_href=desk.at("klaar"))


def done_page(desk: Desk, take_back: str) -> DonePage:
    """Thanks, or that it is fine; the tablet goes back."""
    page = ChildDonePage if desk.is_child else DonePage
    outcome = desk.sitting.outcome
    return page(take_back, stopped=outcome != "signed", told_self=outcome == "tell_myself")


def saved_page(desk: Desk, take_back: str) -> DonePage:
    """The answers are kept for another day; the tablet goes back."""
    page = ChildDonePage if desk.is_child else DonePage
    return page(take_back, stopped=True, saved=True)


def neutral_receipt_page(desk: Desk, code: str) -> NeutralReceiptPage:
    """Date and code: whoever finds it learns nothing else (S50)."""
    now = desk.visit.services.installation.clock.now()
    signed_on = local_date(desk.sitting.finished_at or now)
    return NeutralReceiptPage(
        signed_on, code, back_href=desk.at("bewijs"), paper_href=desk.at("bewijs", "code.pdf")
    )


def _earlier(desk: Desk, question: Question) -> Answer | Literal[""]:
    return desk.sitting.answers.get((question.relationship, question.information_type), "")


def _children(
    desk: Desk, answer_to: Callable[[Question], Answer | None], *, change: bool
) -> tuple[ChildAnswers, ...]:
    """The answers by child and school, in the order of the questions."""
    lines: dict[tuple[str, str, str], list[AnswerLine]] = {}
    for number, question in enumerate(desk.sitting.questions, 1):
        answer = answer_to(question)
        if answer is None:
            continue
        text = desk.words(question.information_type)
        line = AnswerLine(
            type_key=question.information_type,
            label=text.label,
            question=text.question,
            answer=answer,
            change_href=desk.at("vraag", str(number)) if change else "",
        )
        place = (question.relationship, desk.child(question), desk.schools[question.relationship])
        lines.setdefault(place, []).append(line)
    return tuple(ChildAnswers(child, school, tuple(own)) for (_, child, school), own in lines.items())


async def _checkpoint(desk: Desk) -> str:
    """Size and root of the newest signed head of the log; empty while nothing is signed."""
    async with desk.visit.services.installation.database.reading() as conn:
        note = await newest_checkpoint(conn, desk.actor.tenant)
    if note is None:
        return ""
    head = read_note(note).checkpoint
    root = base64.b64encode(head.root).decode()
    words = translator(desk.visit.language)
    return words.text(N_("Regels: {size}. Uitkomst: {root}"), size=head.size, root=root)
