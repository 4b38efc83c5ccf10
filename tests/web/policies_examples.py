"""Example views of the officers' pages on the rules."""

from __future__ import annotations

import hashlib

from consent_service.web.components import FieldLine, Option
from consent_service.web.forms import FormState
from consent_service.web.officer import policies_views as rules
from consent_service.web.pages import View
from tests.web.family_examples import AT, wrong


def _hash(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


SAFETY = "safety/location.cedar"
NOW, NEXT, BEFORE = _hash("now"), _hash("next"), _hash("before")
TABS = (
    rules.RulesTab("/spelregels", "Wat geldt en wat is voorgesteld", current=True),
    rules.RulesTab("/in-woorden", "De regels in gewone taal"),
    rules.RulesTab("/wie-mag-wat", "Wie mag wat"),
)
ACTIVE = rules.RuleVersion(NOW, AT, "cedarpy 4.12.2")
OPEN = rules.ProposalCard(
    "/v/1", "open", "een wijziging op deze pagina", "Privacycoördinator 9f3a01c2", AT, NEXT
)
OLD = rules.ProposalCard("/v/0", "active", "regels die eerder golden", "Beheerder", AT, NOW)
SOURCE = """@id("safety.address")
@legal_basis("AVG 5(1)(f), 32; Wet BRP 2.59")
@reason("address_protected")
forbid (principal, action, resource)
when { resource.type.secret_address_denies }
when { context.secret_address || context.safety != Safety::"no_known_danger" };"""
FORBID = rules.PolicyCard(
    "safety.address",
    "Nooit, wie ook vraagt en waarvoor ook",
    "forbid",
    (
        rules.ClausePart("het gaat om een adres dat geheim kan zijn", lead="als"),
        rules.ClausePart(
            "minstens een van deze dingen klopt:",
            (
                rules.ClausePart("het adres is geheim"),
                rules.ClausePart("er is niet vastgesteld dat er geen gevaar bekend is"),
            ),
            lead="als",
        ),
    ),
    "An address under a secret address, or while danger is not ruled out.",
    "Het adres is beschermd.",
    "AVG 5(1)(f), 32; Wet BRP 2.59",
    (),
    "safety/location.cedar:5",
    SOURCE,
    "/bewerken?file=safety/location.cedar",
)
PERMIT = rules.PolicyCard(
    "break_glass.vital_interest",
    "Een school mag lezen",
    "permit",
    (
        rules.ClausePart("de grondslag is levensbelang", lead="als", unmet="Dit gaat over iets anders."),
        rules.ClausePart(
            "het aantal personen dat besloot is ten minste 2",
            lead="als",
            unmet="Een tweede persoon ontbreekt nog.",
        ),
        rules.ClausePart("context.asked == 1", lead="als", cedar=True, unmet="Er is te veel gevraagd."),
    ),
    "",
    "Twee personen besloten dat dit nodig is voor iemands leven.",
    "AVG 6(1)(d), 9(2)(c)",
    ("De privacyfunctionaris bekijkt het op de volgende werkdag.",),
    "break_glass/vital_interest.cedar:4",
    SOURCE.replace("forbid", "permit"),
)
SITUATION = (
    FieldLine("Wie", "School: Leerkracht"),
    FieldLine("Wil", "Lezen"),
    FieldLine("Onderwerp", "Woonadres; gevoelig, van opvang naar school"),
    FieldLine("Doel", "Contact opnemen"),
    FieldLine("Grondslag", "Toestemming van het gezin"),
    FieldLine("Samenwerking", "het kind is leerling van de school; het convenant geldt"),
    FieldLine("Veiligheid", "Gevaar; het adres is geheim"),
    FieldLine("Wie beslist", "2 met gezag, vastgesteld; 2 zegt ja; 0 maakt bezwaar"),
    FieldLine("Kind", "Wij horen het kind; het kind zei ja"),
)
CASE = """[[cases]]
name = "found by the proof"
base = "school_reads"
type = "home_address"
change = { secret_address = true }
expect = "address_protected"
"""
FAILED = rules.FailedCheck(
    (
        rules.ProblemLine(
            "consent/stops.cedar:24 consent.objection",
            "Er ontbreekt een aantekening boven de regel. Zet haar erbij.",
            "@legal_basis",
        ),
        rules.ProblemLine("consent/stops.cedar:61", "", "unexpected token `}`, expected `;`"),
    ),
    (
        rules.RefutedCard(
            "Een geheim adres wordt nooit gegeven, op geen enkele grond.",
            "",
            SITUATION,
            ("consent.ordinary",),
            CASE,
        ),
        rules.RefutedCard("Na intrekken wordt niets meer gegeven.", "the solver did not answer in time"),
    ),
)
CHANGE = rules.ChangeCard(
    _hash("one"),
    "Wat helpt uw kind",
    "School: Leerkracht",
    "Steun in de klas",
    "Lezen",
    "Nee. Een ouder maakt bezwaar.",
    "Ja. Een ouder met gezag zei ja en er is geen bezwaar bekend.",
    12,
    (rules.EntryLink("/regels/1", "Regel 9f3a01c2"), rules.EntryLink("/regels/2", "Regel 8d1f22aa")),
    SITUATION,
)
WIDENING = rules.WideningCard(
    _hash("two"),
    "Gezondheid van het kind (alleen wat in nood nodig is)",
    "School: Leerkracht",
    "Toestemming van het gezin",
    "Lezen",
    SITUATION,
    ("consent.ordinary",),
    SITUATION[:2],
    ("Privacycoördinator 77aa10ce",),
)
APPROVED = rules.WideningCard(
    "",
    "Postadres",
    WIDENING.who,
    WIDENING.basis,
    "Schrijven",
    SITUATION,
    (),
    (),
    ("Privacycoördinator 9f3a01c2", "Privacycoördinator 77aa10ce"),
)
DIFFERENCE = rules.FileDifferencePart(
    "consent/stops.cedar",
    (
        rules.DifferenceLine("@", "34"),
        rules.DifferenceLine(" ", '@reason("objection")'),
        rules.DifferenceLine(" ", "forbid (principal, action, resource)"),
        rules.DifferenceLine("-", "when { resource.objecting > 0 }"),
        rules.DifferenceLine("+", "when { resource.objecting > 1 }"),
        rules.DifferenceLine(
            " ",
            'unless { resource.type.decided_by == DecidedBy::"own_guardian" || resource.emergency };',
        ),
    ),
    1,
    1,
)
IN_WORDS = rules.RuleInWords(
    "Niemand mag lezen of schrijven", FORBID.clauses, "Iemand maakt bezwaar.", "BW 1:253i"
)
CHANGED_RULE = rules.RuleDifference("consent.objection", IN_WORDS, IN_WORDS)
NEW_RULE = rules.RuleDifference("consent.extra", None, IN_WORDS)
REPLAY = rules.ReplayPart(
    replayed=1204, same=1180, to_deny=3, to_allow=12, otherwise=4, unreadable=5, other_engine=2, cut=True
)
CAN, NEVER, EMERGENCY = (
    rules.MatrixCell("can", "✓", "alle ouders"),
    rules.MatrixCell("never", "–", "nooit"),
    rules.MatrixCell("emergency", "!", "een ouder"),
)
ROLES = (
    "Contactpersoon van de school",
    "Leerkracht",
    "Directeur",
    "Administratie",
    "Aandachtsfunctionaris",
    "Begeleider",
    "Ouder met gezag",
)
SUBJECTS = (
    "Hulp van de opvang",
    "Wie belt wie",
    "Wat helpt uw kind",
    "Extra aandacht",
    "Gezondheid van het kind",
    "Woonadres",
    "Wel of niet op school",
    "Ophalen en brengen",
    "Vervoer naar school",
    "Spullen en hulp",
    "Verhuizing, nieuwe school",
)


def policies_examples(language: str) -> dict[str, View]:
    """What the officers see of the rules."""
    choose = tuple(Option(name, name) for name in ("consent/stops.cedar", "safety/location.cedar"))
    return {
        **_overviews(language),
        "officer-policies-words": rules.PoliciesPage(
            TABS,
            NOW,
            (
                rules.PolicyFolder("safety", "Veiligheid", (FORBID,)),
                rules.PolicyFolder("break_glass", "Als een leven ervan kan afhangen", (PERMIT,)),
            ),
        ),
        "officer-policies-matrix": _matrix(
            tuple(
                rules.MatrixRow(
                    name,
                    "van opvang naar school",
                    tuple((CAN, NEVER, EMERGENCY)[(place + n) % 3] for n in range(len(ROLES))),
                    "gevaar, geheim adres, nee op de eerste vraag" if place % 2 else "",
                )
                for place, name in enumerate(SUBJECTS)
            )
        ),
        "officer-policies-matrix-none": _matrix(()),
        "officer-policies-choose": rules.EditPage("/spelregels", "/bewerken", choose),
        "officer-policies-edit": rules.EditPage(
            "/spelregels",
            "/bewerken",
            choose,
            (rules.SourceField(0, SAFETY),),
            FormState.prefilled({"text-0": SOURCE}),
        ),
        "officer-policies-edit-refused": rules.EditPage(
            "/spelregels",
            "/bewerken",
            choose,
            (rules.SourceField(0, SAFETY), rules.SourceField(1, "tests/safety.toml")),
            wrong(language, {"text-1": "form.missing"}, **{"text-0": SOURCE, "text-1": CASE}),
            FAILED,
        ),
        "officer-policies-refused": rules.RefusedProposalPage(
            "/spelregels", "een bestand dat is ingestuurd", FAILED
        ),
        **_proposals(),
        **_reruns(),
    }


def _matrix(rows: tuple[rules.MatrixRow, ...]) -> rules.MatrixPage:
    return rules.MatrixPage(
        TABS,
        "/wie-mag-wat",
        "Doel: Steun in de klas. Lezen. Toestemming van het gezin",
        ROLES,
        rows,
        SUBJECTS[8:],
        (CAN, NEVER, EMERGENCY),
        (Option("support", "Doel: Steun in de klas"), Option("school.teacher", "School: Leerkracht")),
        (Option("release", "Lezen"),),
        (Option("consent", "Toestemming van het gezin"),),
        FormState.prefilled({"show": "support", "action": "release", "basis": "consent"}),
    )


def _overviews(language: str) -> dict[str, View]:
    earlier = (rules.RuleVersion(BEFORE, AT, "cedarpy 4.12.2", "/eerder"), rules.RuleVersion(NEXT, None, ""))
    full = rules.RulesPage(TABS, ACTIVE, (OPEN, OLD), earlier, NEXT, "/software", "/bestand", "/bewerken")
    return {
        "officer-policies": full,
        "officer-policies-fg": rules.RulesPage(TABS, ACTIVE, (OPEN, OLD), earlier, NEXT),
        "officer-policies-engine-gone": rules.RulesPage(
            TABS,
            rules.RuleVersion(NOW, AT, "cedarpy 1.0", judgeable=False),
            (),
            (),
            NEXT,
            "/software",
            "/bestand",
            "/bewerken",
        ),
        "officer-policies-none": rules.RulesPage(TABS, ACTIVE, (), ()),
        "officer-policies-wrong": rules.RulesPage(
            TABS,
            ACTIVE,
            (),
            (),
            "",
            "/software",
            "/bestand",
            "/bewerken",
            wrong(language, {"archive": "form.missing_file"}),
        ),
    }


def _proposals() -> dict[str, View]:
    here, goes = "/spelregels", ChangeCards(CHANGE)
    return {
        "officer-proposal": rules.ProposalPage(
            here,
            OPEN,
            NOW,
            False,
            (
                "Een tweede privacycoördinator moet het goedkeuren.",
                "Niet alles is goedgekeurd.",
            ),
            (),
            (CHANGED_RULE,),
            (DIFFERENCE,),
            REPLAY,
            (CHANGE,),
            (WIDENING, APPROVED),
            (goes.denied,),
            (goes.otherwise,),
            promises=(
                rules.PromiseCard("7" * 64, "Nooit een adres zonder contactpersoon.", dropped=True),
                rules.PromiseCard("", "Nooit iets over geweld.", dropped=False, approved_by=("Ties",)),
            ),
            approve_action="/goed",
            withdraw_action="/weg",
        ),
        "officer-proposal-own": rules.ProposalPage(
            here,
            OPEN,
            NOW,
            False,
            ("Een tweede privacycoördinator moet het goedkeuren.",),
            (),
            (),
            (DIFFERENCE,),
            REPLAY,
            (CHANGE,),
            (WIDENING,),
            (),
            (),
            why_not_approve="U stelde dit zelf voor. Een andere privacycoördinator keurt het goed.",
            withdraw_action="/weg",
        ),
        "officer-proposal-ready": rules.ProposalPage(
            here,
            OPEN,
            NOW,
            False,
            (),
            (FieldLine("Goedgekeurd door", "Privacycoördinator 77aa10ce, 1 september 2026 10:00"),),
            (NEW_RULE,),
            (),
            rules.ReplayPart(0, 0, 0, 0, 0, 0, 0),
            (),
            (),
            (),
            (),
            withdraw_action="/weg",
            activate_action="/in",
        ),
        "officer-proposal-stale": rules.ProposalPage(
            here,
            rules.ProposalCard("/v/2", "stale", OPEN.origin, OPEN.proposed_by, AT, NEXT),
            BEFORE,
            True,
            (),
            (),
            (),
            (DIFFERENCE,),
            REPLAY,
            (),
            (),
            (),
            (),
            comparable=False,
        ),
    }


class ChangeCards:
    """The other kinds of a change: nothing of them is approved."""

    def __init__(self, card: rules.ChangeCard) -> None:
        self.denied = _kind(card, "Ja. Een ouder met gezag zei ja.", "Nee. Het kind zei nee.")
        self.otherwise = _kind(card, "Nee. Er is geen ja.", "Nee. Het ja is verlopen.")


def _kind(card: rules.ChangeCard, before: str, after: str) -> rules.ChangeCard:
    return rules.ChangeCard(
        "",
        card.about,
        card.who,
        card.purpose,
        card.action,
        before,
        after,
        1,
        card.entries[:1],
        card.situation,
    )


def _reruns() -> dict[str, View]:
    lines = (
        rules.RerunLine("Wat helpt uw kind", "Ja. Een ouder zei ja.", "Ja. Een ouder zei ja.", True),
        rules.RerunLine("Woonadres", "Nee. Het adres is beschermd.", "Ja. Een ouder zei ja.", False),
    )
    entry = "01990000-0000-7000-8000-000000000001"
    return {
        "officer-rerun": rules.RerunPage("/regels/1", entry, NOW, True, lines[:1]),
        "officer-rerun-differs": rules.RerunPage("/regels/1", entry, NOW, False, lines),
        "officer-rerun-cannot": rules.RerunPage(
            "/regels/1", entry, "", False, why_not="De feiten van toen zijn gewist."
        ),
    }
