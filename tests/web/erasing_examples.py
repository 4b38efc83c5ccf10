"""Example views of erasing, restricting and putting right, with invented people only."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from consent_service.web.components import FieldLine, Option
from consent_service.web.erasing import views
from consent_service.web.pages import View
from tests.web.family_examples import wrong

DAY, LATER = date(2026, 9, 1), date(2026, 10, 1)
NOTICES = (
    views.NoticeLine("9F3A01", "De Linde", "Wat helpt uw kind", DAY, "kept", "legal_duty", False),
    views.NoticeLine("1B77C0", "De Eik", "Ophalen", DAY, "open", "", True),
)
STAGES = (
    views.StageLine("live_dead", "Sinds 1 september 2026 kan niemand dit hier nog lezen.", True),
    views.StageLine(
        "path_dead",
        "In een oude kopie van de gegevens is het nog te lezen, tot uiterlijk 2 september 2026.",
        False,
    ),
    views.StageLine("backup_dead", "Daarna worden ook de kopieën van de sleutel gewist.", False),
)
GONE = tuple(
    FieldLine(label, count)
    for label, count in (("Personen", "3"), ("Sleutels", "4"), ("Versleutelde details van het logboek", "61"))
)
FACTS = (
    FieldLine("Gevraagd door", "Privacycoördinator 0188f2a1, 1 september 2026"),
    FieldLine("Goedgekeurd door", "Privacycoördinator 0199ab02, 2 september 2026"),
)
WORDS = "Ik wil dat u alles over ons wist. Mijn dochter zit nu ergens anders op school."


def erasing_examples(language: str) -> dict[str, View]:
    """Each page as it begins, with everything on it, and after a mistake."""
    return {**_erasures(language), **_requests(language)}


def _erasures(language: str) -> dict[str, View]:
    waiting = views.ErasureLine("/w/1", "9F3A01", "family", "asked", DAY, yours=True)
    running = views.ErasureLine("/w/2", "1B77C0", "child", "running", DAY)
    done = views.ErasureLine("/w/3", "77AA12", "person", "executed", DAY, notices_open=2)
    page = views.ErasurePage(
        back_href="/wissen",
        reference="9F3A01",
        scope="family",
        ground="requested",
        state="asked",
        facts=FACTS[:1],
        case_href="/verzoek",
        why_not="",
        own=False,
        left=0,
        gone=(),
        stages=(),
        notices=(),
        approve_action="/goedkeuren",
        name="Noor",
        drop_action="/niet-doen",
    )
    approved = replace(page, state="approved", facts=FACTS, approve_action="", execute_action="/uitvoeren")
    executed = replace(
        approved,
        state="executed",
        execute_action="",
        drop_action="",
        gone=GONE,
        stages=STAGES,
        notices=NOTICES,
    )
    return {
        "officer-erasing-list": views.ErasuresPage("/beperkingen", (waiting, running), (done,)),
        "officer-erasing-list-empty": views.ErasuresPage("/beperkingen", (), ()),
        "officer-erasing-asked": page,
        "officer-erasing-own": replace(page, own=True, approve_action=""),
        "officer-erasing-held": replace(page, form=wrong(language, {"erasure": "erasures.still_sharing"})),
        "officer-erasing-approved": approved,
        "officer-erasing-stuck": replace(
            approved,
            execute_action="",
            why_not="Wie dit vroeg of goedkeurde, is geen privacycoördinator meer. Vraag het opnieuw.",
        ),
        "officer-erasing-running": replace(
            executed, state="running", left=4, execute_action="/uitvoeren", stages=()
        ),
        "officer-erasing-executed": executed,
        "officer-erasing-executed-untold": replace(executed, notices=()),
    }


def _requests(language: str) -> dict[str, View]:
    people = (Option("1", "Kind: Noor"), Option("2", "Ouder of voogd: Selam"))
    ask = views.AskErasurePage("/wissen", "/verzoek", WORDS, LATER, people, ())
    line = views.RestrictionLine(
        "Wat helpt uw kind",
        "De Linde",
        "contested",
        DAY,
        None,
        None,
        "/verteld",
        child="Noor",
    )
    lines = (
        line,
        replace(
            line, label="", school="", ground="objection", told_on=DAY, tell_action="", lift_action="/op"
        ),
        replace(line, told_on=DAY, lifted_on=LATER, tell_action="", child="", case_href="/verzoek"),
    )
    restrict = views.RestrictPage(
        kind="restriction",
        state="granted",
        action="/beperken",
        back_href="/verzoek",
        words=WORDS,
        due_on=LATER,
        places=(Option("1", "Noor, elke school"), Option("1:2", "Noor, De Linde")),
        types=(Option("support_advice", "Wat helpt uw kind"),),
        lines=(),
    )
    rectify = views.RectifyPage(
        action="/rechtzetten",
        restrict_href="/beperken",
        back_href="/verzoek",
        words=WORDS,
        due_on=LATER,
        written=(Option("1", "Noor, De Linde, Wat helpt uw kind"),),
        asked=(),
        notices=(),
    )
    problems = {"place": "form.choose", "ground": "form.choose"}
    return {
        "officer-erasing-ask": ask,
        "officer-erasing-ask-again": replace(
            ask,
            words="",
            subjects=(),
            asked=(views.ErasureLine("/w/1", "9F3A01", "family", "asked", DAY),),
        ),
        "officer-erasing-ask-wrong": replace(
            ask, form=wrong(language, {"subject": "form.choose", "ground": "form.choose"})
        ),
        "officer-erasing-restrict": restrict,
        "officer-erasing-restrict-wrong": replace(restrict, lines=lines[:1], form=wrong(language, problems)),
        "officer-erasing-objection": replace(
            restrict, kind="objection", state="identified", lines=lines[1:2]
        ),
        "officer-erasing-objection-granted": replace(restrict, kind="objection", places=(), lines=lines[1:2]),
        "officer-erasing-restrictions": views.RestrictionsPage("/wissen", lines),
        "officer-erasing-restrictions-wrong": views.RestrictionsPage(
            "/wissen", lines, wrong(language, {"restriction": "restrictions.tell_first"})
        ),
        "officer-erasing-restrictions-empty": views.RestrictionsPage("/wissen", ()),
        "officer-erasing-rectify": rectify,
        "officer-erasing-rectify-asked": replace(
            rectify, written=(), asked=(FieldLine("Wat helpt uw kind", "1 september 2026"),), notices=NOTICES
        ),
        "officer-erasing-rectify-unread": replace(rectify, asked=(FieldLine("Ophalen", "1 september 2026"),)),
        "officer-erasing-rectify-nothing": replace(rectify, written=()),
        "officer-erasing-rectify-wrong": replace(rectify, form=wrong(language, {"wrong": "form.choose"})),
    }
