"""The words for every code that a page shows, so that views hold codes and templates hold no choices.

The source language is Dutch; `rendering` translates. Reasons of a decision (`policy.explain`), event
sentences (`audit.describe`) and consent texts (`information.texts`) are handled elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from consent_service.foundation.i18n import N_
from consent_service.web import afterwards_words
from consent_service.web.accountability.words import ACCOUNTABILITY_TABLES
from consent_service.web.breaches.words import BREACH_LABELS, BREACH_TABLES
from consent_service.web.cases.words import CASE_LABELS, CASE_TABLES
from consent_service.web.emergencies.words import GLASS_LABELS, GLASS_TABLES
from consent_service.web.erasing import words as erasing_words
from consent_service.web.meetings.words import MEETING_LABELS, MEETING_TABLES
from consent_service.web.meldcode.words import MELDCODE_FIELDS, MELDCODE_TABLES
from consent_service.web.retention import words as retention_words
from consent_service.web.signals.words import SIGNAL_LABELS, SIGNAL_TABLES
from consent_service.web.start.words import START_TABLES
from consent_service.web.together.letter_words import LETTER_TABLES
from consent_service.web.together.method_words import METHOD_TABLES

Answer = Literal["yes", "no", "later", "none", "withdrawn", "objected", "expired", "suspended", "partly"]
Safety = Literal["not_assessed", "no_known_danger", "danger"]
Tone = Literal["calm", "good", "attention", "danger"]
ProblemKind = Literal[
    "not_found",
    "not_allowed",
    "conflict",
    "unavailable",
    "unexpected",
    "bad_request",
    "too_many",
    "too_often",
]

ANSWERS: Final[Mapping[str, str]] = {
    "yes": N_("Ja"),
    "no": N_("Nee"),
    "later": N_("Later"),
    "none": N_("Nog niet gevraagd"),
    "withdrawn": N_("Ingetrokken"),
    "objected": N_("Bezwaar"),
    "expired": N_("Verlopen"),
    "suspended": N_("Gepauzeerd"),
    "partly": N_("Wacht op een ander"),
}
SAFETY: Final[Mapping[str, str]] = {
    "not_assessed": N_("Veiligheid nog niet besproken"),
    "no_known_danger": N_("Geen gevaar bekend"),
    "danger": N_("Gevaar"),
}
ASSESSED_SAFETY: Final[Mapping[str, str]] = {
    code: words for code, words in SAFETY.items() if code != "not_assessed"
}
"""What an assessment can come to; nobody assesses that nothing was assessed."""
ROLES: Final[Mapping[str, str]] = {
    "counsellor": N_("Begeleider"),
    "privacy_coordinator": N_("Privacycoördinator"),
    "fg": N_("Functionaris gegevensbescherming"),
    "approver": N_("Tweede beoordelaar"),
    "school_contact": N_("Contactpersoon van de school"),
    "contact": N_("Contactpersoon van de school"),
    "teacher": N_("Leerkracht"),
    "director": N_("Directeur"),
    "administration": N_("Administratie"),
    "meldcode_officer": N_("Aandachtsfunctionaris"),
    "operator": N_("Beheerder"),
    "client": N_("Gekoppeld systeem"),
    "phone": N_("Aan de telefoon"),
    "guardian": N_("Ouder of voogd"),
    "child": N_("Kind"),
    "system": N_("Het systeem"),
}
PURPOSES: Final[Mapping[str, str]] = {
    "contact": N_("Contact opnemen"),
    "support": N_("Steun in de klas"),
    "meeting": N_("Een driegesprek"),
    "attendance": N_("Wel of niet op school"),
    "safety": N_("Veiligheid op school"),
    "transition": N_("Verhuizing of nieuwe school"),
    "access": N_("Inzage in de eigen gegevens"),
}
CAPACITIES: Final[Mapping[str, str]] = {
    "holder": N_("Ouder met gezag"),
    "none": N_("Ouder zonder gezag"),
    "voogd": N_("Voogd"),
    "gezinsvoogd": N_("Gezinsvoogd: houdt toezicht, beslist niet"),
    "court_order": N_("Beslist in plaats van de ouders, door de rechter"),
    "unknown": N_("Gezag nog niet bekend"),
}
"""`families.model.AuthorityKind`, and what is entered while nothing is known yet."""
REGISTERED_AS: Final[Mapping[str, str]] = {
    code: words for code, words in CAPACITIES.items() if code != "court_order"
}
"""What a new guardian can be; a court's decision has an end, so it is recorded with its period."""
AUTHORITY_KINDS: Final[Mapping[str, str]] = {
    code: words for code, words in CAPACITIES.items() if code != "unknown"
}
"""What can be recorded once something was seen."""
AUTHORITY_SOURCES: Final[Mapping[str, str]] = {
    "register": N_("Gezagsregister"),
    "marriage": N_("Huwelijk of partnerschap"),
    "judgment": N_("Uitspraak van de rechter"),
    "abroad": N_("Papieren uit het buitenland"),
    "statement": N_("Alleen verteld, nog niet gezien"),
}
WEEKDAYS: Final[Mapping[str, str]] = {
    "mon": N_("ma"),
    "tue": N_("di"),
    "wed": N_("wo"),
    "thu": N_("do"),
    "fri": N_("vr"),
    "sat": N_("za"),
    "sun": N_("zo"),
}
PROBLEM_TITLES: Final[Mapping[str, str]] = {
    "not_found": N_("Deze pagina is er niet"),
    "not_allowed": N_("U kunt dit niet openen"),
    "conflict": N_("Dit is intussen veranderd"),
    "unavailable": N_("Even niet beschikbaar"),
    "unexpected": N_("Er ging iets mis"),
    "bad_request": N_("Dit kunnen wij niet lezen"),
    "too_many": N_("Even wachten"),
    "too_often": N_("Nu even niet"),
}
PROBLEM_EXPLANATIONS: Final[Mapping[str, str]] = {
    "not_found": N_("Kijk of het adres klopt. Of ga terug naar het begin."),
    "not_allowed": N_("Deze pagina hoort niet bij uw werk. Klopt dat niet? Vraag het uw organisatie."),
    "conflict": N_(
        "Iemand anders deed dit eerder, of u deed deze stap al. Er is niets dubbel opgeslagen. "
        "Ga terug en kijk hoe het nu is."
    ),
    "unavailable": N_(
        "Er is niets gedeeld en niets kwijt. Probeer het over een paar minuten nog eens. "
        "Stoppen met delen kan altijd."
    ),
    "unexpected": N_(
        "Er is niets gedeeld. Probeer het nog eens. Blijft het zo? Geef dan het nummer hieronder door."
    ),
    "bad_request": N_("Ga terug en probeer het nog eens. Er is niets opgeslagen."),
    "too_many": N_("Dit ging te vaak achter elkaar. Wacht een paar minuten en probeer het dan nog eens."),
    "too_often": N_("Dit is het laatste uur al een paar keer gedaan. Over een uur kan het weer."),
}
INCLUSION: Final[Mapping[str, str]] = {
    "proved": N_("Bewezen: deze regel staat in het logboek."),
    "pending": N_("Nog niet ingeschreven. Dit duurt meestal minder dan een seconde."),
    "failed": N_("Niet bewezen. Deze regel past niet bij het logboek. Meld dit meteen."),
}
ENTRY_STANDINGS: Final[Mapping[str, str]] = {
    "open": N_("Vindt deze regel niet."),
    "released": N_("Kan deze regel vinden: hij is vrijgegeven."),
    "by_hand": N_("Krijgt antwoord van een medewerker. Vrijgeven kan nu niet."),
}
LINE_PROOFS: Final[Mapping[str, str]] = {
    "proved": N_("Bewezen in het logboek"),
    "pending": N_("Wordt nog ingeschreven"),
    "failed": N_("Niet bewezen. Bel ons."),
}
SIGNING_METHODS: Final[Mapping[str, str]] = {
    "typed": N_("Naam getypt"),
    "drawn": N_("Handtekening getekend"),
    "witness": N_("Begeleider was getuige"),
}
SUBSTITUTE_REASONS: Final[Mapping[str, str]] = {
    "colleague_ill": N_("Mijn collega is ziek"),
    "colleague_leave": N_("Mijn collega is vrij of weg"),
    "night_duty": N_("Ik heb dienst in de nacht of het weekend"),
    "emergency": N_("Het kind heeft nu iets nodig"),
}
END_REASONS: Final[Mapping[str, str]] = {
    "moved_out": N_("Het gezin is verhuisd"),
    "changed_school": N_("Het kind gaat naar een andere school"),
    "not_our_pupil": N_("Het is de verkeerde school"),
    "night_departure": N_("Het gezin is onverwacht vertrokken"),
}
FAMILY_END_REASONS: Final[Mapping[str, str]] = {
    code: END_REASONS[code] for code in ("moved_out", "night_departure")
}
"""Why the guidance of a whole family ends; the other reasons are about one child and one school."""
INTERPRETERS: Final[Mapping[str, str]] = {
    "none": N_("Geen tolk"),
    "professional": N_("Een tolk in de kamer"),
    "telephone": N_("Een tolk aan de telefoon"),
    "staff": N_("Een collega die de taal spreekt"),
}
FACES: Final[Mapping[str, str]] = {
    "yes": N_("Goed"),
    "so_so": N_("Weet ik niet"),
    "no": N_("Niet goed"),
}
VOICES: Final[Mapping[str, str]] = {
    "heard": N_("Wij horen het kind"),
    "together": N_("Het kind beslist mee"),
    "alone": N_("Het kind beslist zelf"),
}
VOICES_EXPLAINED: Final[Mapping[str, str]] = {
    "heard": N_("Het kind kiest gezichten en zegt het in eigen woorden. Een nee pauzeert meteen."),
    "together": N_("Zonder ja van het kind wordt er niets gedeeld. De ouders kiezen ook."),
    "alone": N_("De ouders worden niets meer gevraagd. Alleen het antwoord van het kind telt."),
}
COMPETENT: Final[Mapping[str, str]] = {
    "yes": N_("Ja, het kind kan dit zelf afwegen"),
    "no": N_("Nee, het kind kan dit nog niet zelf afwegen"),
}
INCOMPETENCE: Final[Mapping[str, str]] = {
    "does_not_understand": N_("Het kind begrijpt de uitleg nog niet, ook niet in andere woorden"),
    "disability": N_("Een beperking maakt dat dit nu niet kan"),
    "too_upset": N_("Het kind is nu te veel van slag"),
    "under_pressure": N_("Het kind kan nu niet vrij kiezen"),
    "expert_advice": N_("Een deskundige adviseerde dit"),
}
STOP_KINDS: Final[Mapping[str, str]] = {
    "withdrawal": N_("De toestemming intrekken"),
    "objection": N_("Bezwaar tegen het delen"),
}
STOP_METHODS: Final[Mapping[str, str]] = {
    "oral": N_("Verteld"),
    "paper": N_("Op papier"),
}
PASSED_ON_METHODS: Final[Mapping[str, str]] = {
    "paper": N_("Op papier, met een handtekening"),
    "oral": N_("Verteld, zonder handtekening"),
}
ORAL_REASONS: Final[Mapping[str, str]] = {
    "no_tablet": N_("Er was geen tablet"),
    "not_present": N_("De persoon was er niet bij, bijvoorbeeld aan de telefoon"),
    "cannot_write": N_("Schrijven of tikken lukte niet"),
    "urgent": N_("Er was haast"),
}
PAPER_KEPT: Final[Mapping[str, str]] = {
    "family_file": N_("In het dossier van het gezin"),
    "locked_cabinet": N_("In een afgesloten kast van de opvang"),
    "digital_file": N_("Ingescand in het eigen systeem van de opvang"),
}
REVOKE_REASONS: Final[Mapping[str, str]] = {
    "lost": N_("De code is kwijt"),
    "stolen": N_("De code is gestolen"),
    "seen_by_other": N_("Iemand anders zag de code"),
    "factor_forgotten": N_("De pincode is vergeten"),
}
DEVICES: Final[Mapping[str, str]] = {
    "tablet": N_("Tablet"),
    "phone": N_("Telefoon"),
    "computer": N_("Computer"),
}
PAGE_FACTORS: Final[Mapping[str, str]] = {
    "pin": N_("Pincode"),
    "mail": N_("Bericht per e-mail"),
    "sms": N_("Bericht op de telefoon"),
    "none": N_("Nog niet gekozen"),
}
STEP_BACKS: Final[Mapping[str, str]] = {
    "not_our_pupil": N_("Dit kind zit niet bij ons op school"),
    "related": N_("Ik ben familie of een bekende van dit gezin"),
}
RECALL_ANSWERS: Final[Mapping[str, str]] = {
    "done": N_("Weggehaald"),
    "kept": N_("Niet weggehaald"),
}
MARKER_STATES: Final[Mapping[str, str]] = {
    "waiting": N_("Wacht op een collega"),
    "in_force": N_("Wordt niet benaderd"),
}
SUCCESSION_DOCUMENTS: Final[Mapping[str, str]] = {
    "merger_deed": N_("Akte van fusie"),
    "board_decision": N_("Besluit van het schoolbestuur"),
    "ministry_register": N_("Register van het ministerie"),
}
PATTERNS: Final[Mapping[str, str]] = {
    "almost_all_yes": N_("Bijna iedereen zegt ja"),
    "too_fast": N_("Sneller beantwoord dan gelezen"),
    "same_device": N_("Eigen pagina op een apparaat van een begeleider"),
    "many_at_once": N_("Veel gesprekken getekend in dezelfde minuut"),
    "never_confirmed": N_("Verteld en nooit bevestigd"),
    "mostly_passed_on": N_("Meeste ja's door een begeleider ingevuld"),
}
PATTERN_MEANINGS: Final[Mapping[str, str]] = {
    "almost_all_yes": N_("Kan iedereen hier echt nee zeggen? Vraag hoe het gesprek gaat."),
    "too_fast": N_("Was er tijd om te lezen? Kijk mee bij een gesprek, of vraag naar voorlezen."),
    "same_device": N_(
        "Koos de ouder zelf? Er kan een goede reden zijn, zoals hulp met een kapotte telefoon."
    ),
    "many_at_once": N_("Zijn dit echte gesprekken? Vraag hoe de tablet die dag is gebruikt."),
    "never_confirmed": N_("Zijn deze ja's echt gegeven? Vraag waarom bevestigen niet lukte."),
    "mostly_passed_on": N_("Waarom kiest de ouder zelden zelf? Vraag of de tablet te gebruiken is."),
}
PATTERN_RULES: Final[Mapping[str, str]] = {
    "almost_all_yes": N_("97 van de 100 antwoorden of meer zijn ja, bij minstens drie begeleiders."),
    "too_fast": N_("Het middelste antwoord van een gesprek kwam sneller dan vijf woorden per seconde."),
    "same_device": N_("Iemand koos op de eigen pagina, op een apparaat waar een begeleider inlogt."),
    "many_at_once": N_("Drie of meer gesprekken op één apparaat, steeds binnen een minuut na elkaar."),
    "never_confirmed": N_("Drie of meer keer is een verteld ja afgelopen zonder nieuw antwoord."),
    "mostly_passed_on": N_("Meer dan de helft van de ja's kwam van papier of was verteld."),
}
EXPLICIT: Final[Mapping[str, str]] = {"yes": N_("Ja"), "no": N_("Nee")}

CONTACT_STATES: Final[Mapping[str, str]] = {
    "reads": N_("Kijkt mee"),
    "waits": N_("Kijkt nu niet mee"),
    "asked": N_("Te bevestigen"),
    "lapsed": N_("Niet bevestigd, ziet niets"),
}
"""How somebody stands on a contact list now."""

FIELD_LABELS: Final[Mapping[str, str]] = {
    **MEETING_LABELS,
    **afterwards_words.FIELD_LABELS,
    **retention_words.FIELD_LABELS,
    **erasing_words.FIELD_LABELS,
    **SIGNAL_LABELS,
    **GLASS_LABELS,
    **BREACH_LABELS,
    **MELDCODE_FIELDS,
    **CASE_LABELS,
    "given_names": N_("Voornamen"),
    "family_name": N_("Achternaam"),
    "birth_date": N_("Geboortedatum"),
    "capacity": N_("Wie is dit voor de kinderen?"),
    "authority_source": N_("Hoe weet u dit?"),
    "seen_on": N_("Wanneer zag u het bewijs?"),
    "phone": N_("Veilig telefoonnummer"),
    "email": N_("Veilig e-mailadres"),
    "child": N_("Om welk kind gaat het?"),
    "authority_kind": N_("Wat is deze persoon voor dit kind?"),
    "authority_seen_on": N_("Wanneer zag u het bewijs?"),
    "jointly": N_("Samen met een andere voogd"),
    "despite_other_parent": N_("Besproken met de ouder"),
    "wrong": N_("Wat klopt er niet?"),
    "recall_reason": N_("Waarom niet?"),
    "succession": N_("Als welke school gaat deze school verder?"),
    "valid_from": N_("Vanaf wanneer geldt dit?"),
    "valid_until": N_("Tot wanneer geldt dit?"),
    "safety": N_("Is er nu gevaar voor dit gezin?"),
    "secret_address": N_("Is het adres geheim?"),
    "other_parent_at_school": N_("Kent de andere ouder de school, of werkt daar familie?"),
    "court_order_until": N_("Is er een uitspraak van de rechter? Tot wanneer geldt die?"),
    "review_on": N_("Wanneer kijkt u hier opnieuw naar?"),
    "school": N_("Vestigingscode of naam van de school"),
    "contacts": N_("Wie is contactpersoon voor dit kind?"),
    "reason": N_("Waarom opent u dit gezin?"),
    "guardian": N_("Om welke ouder gaat het?"),
    "language": N_("In welke taal leest de ouder?"),
    "interpreter": N_("Is er een tolk bij?"),
    "interpreter_fit": N_("Tolk"),
    "competent": N_("Uw oordeel"),
    "words": N_("Eigen woorden"),
    "end_reason": N_("Waarom stopt het delen met deze school?"),
    "family_end_reason": N_("Waarom stopt de begeleiding?"),
    "kind": N_("Wat wil de ouder?"),
    "method": N_("Hoe liet de ouder dit weten?"),
    "keys": N_("Waar gaat het over?"),
    "staff": N_("Wie wordt contactpersoon?"),
    "about": N_("Over welke ouder gaat dit?"),
    "signature": N_("Uw naam"),
    "pin": N_("Pincode"),
    "pin_again": N_("Nog een keer"),
    "passkey": N_("Toegangssleutel"),
    "enrolment": N_("Code die u kreeg"),
    "device_name": N_("Naam van het apparaat"),
    "work_address": N_("Werkadres voor mail"),
    "only_theirs": N_("Wie leest dit adres?"),
    "mail_language": N_("Taal van het bericht"),
    "safe_from": N_("Veilig vanaf"),
    "safe_until": N_("Veilig tot"),
    "digits": N_("Zes cijfers"),
    "address": N_("E-mailadres of mobiel nummer"),
    "only_mine": N_("Alleen u leest dit"),
    "factor": N_("Hoe wilt u openen?"),
    "wish": N_("Wat wilt u doen?"),
    "person": N_("Nummer van de persoon"),
    "relationship": N_("Nummer van kind en school"),
    "actor": N_("Nummer van wie het deed"),
    "event": N_("Wat er gebeurde"),
    "organisation": N_("Organisatie"),
    "decision": N_("Besluit"),
    "basis": N_("Grondslag"),
    "rests_on": N_("Kenmerk van regels of tekst"),
    "from": N_("Van"),
    "until": N_("Tot en met"),
    "operator_code": N_("Code"),
}
"""Labels of fields in the error summary, which stands before the fields themselves."""
BLOCK_LABELS: Final[Mapping[str, str]] = {
    "guardian": N_("Ouder of voogd {number}"),
    "child": N_("Kind {number}"),
}

ACCESS_CHANNELS: Final[Mapping[str, str]] = {
    "conversation": N_("In een gesprek"),
    "letter": N_("Per post, aan de persoon zelf"),
}
TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "access_channel": ACCESS_CHANNELS,
    "answer": ANSWERS,
    "safety": SAFETY,
    "assessed_safety": ASSESSED_SAFETY,
    "role": ROLES,
    "purpose": PURPOSES,
    "capacity": CAPACITIES,
    "registered_as": REGISTERED_AS,
    "authority_kind": AUTHORITY_KINDS,
    "authority_source": AUTHORITY_SOURCES,
    "weekday": WEEKDAYS,
    "problem_title": PROBLEM_TITLES,
    "problem_explanation": PROBLEM_EXPLANATIONS,
    "inclusion": INCLUSION,
    "entry_standing": ENTRY_STANDINGS,
    "line_proof": LINE_PROOFS,
    "signing": SIGNING_METHODS,
    "substitute_reason": SUBSTITUTE_REASONS,
    "end_reason": END_REASONS,
    "family_end_reason": FAMILY_END_REASONS,
    "interpreter": INTERPRETERS,
    "face": FACES,
    "voice": VOICES,
    "voice_explained": VOICES_EXPLAINED,
    "competent": COMPETENT,
    "incompetence": INCOMPETENCE,
    "stop_kind": STOP_KINDS,
    "stop_method": STOP_METHODS,
    "yes_no": EXPLICIT,
    "step_back": STEP_BACKS,
    "recall_answer": RECALL_ANSWERS,
    "marker_state": MARKER_STATES,
    "contact_state": CONTACT_STATES,
    "succession_document": SUCCESSION_DOCUMENTS,
    "revoke_reason": REVOKE_REASONS,
    "page_factor": PAGE_FACTORS,
    "passed_on_method": PASSED_ON_METHODS,
    "oral_reason": ORAL_REASONS,
    "paper_kept": PAPER_KEPT,
    "pattern": PATTERNS,
    "pattern_meaning": PATTERN_MEANINGS,
    "pattern_rule": PATTERN_RULES,
    **MEETING_TABLES,
    **ACCOUNTABILITY_TABLES,
    **START_TABLES,
    **METHOD_TABLES,
    **LETTER_TABLES,
    **SIGNAL_TABLES,
    **MELDCODE_TABLES,
    **afterwards_words.TABLES,
    **retention_words.TABLES,
    **erasing_words.TABLES,
    **GLASS_TABLES,
    **BREACH_TABLES,
    **CASE_TABLES,
}

_TONES: Final[Mapping[str, Tone]] = {
    "yes": "good",
    "no_known_danger": "good",
    "proved": "good",
    "later": "attention",
    "partly": "attention",
    "suspended": "attention",
    "expired": "attention",
    "not_assessed": "attention",
    "pending": "attention",
    "danger": "danger",
    "waiting": "attention",
    "done": "good",
    "executed": "good",
    "approved": "attention",
    "running": "attention",
    "reads": "good",
    "asked": "attention",
    "lapsed": "danger",
    "kept": "attention",
    "confirmed": "good",
    "read": "good",
    "failed": "danger",
    "unread": "danger",
    "called": "good",
}


def word(table: str, code: str) -> str:
    """The Dutch word for `code`.

    Raises:
        KeyError: no such code; a page must not invent a word.
    """
    return TABLES[table][code]


def tone(code: str) -> Tone:
    """How a label with this code is coloured. A no is as calm as anything else; it is no alarm."""
    return _TONES.get(code, "calm")
