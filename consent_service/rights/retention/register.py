"""The register: every table of the database, what it holds, and until when. A test fails when one is missing.

Periods of records stand in the catalogue, which parents were shown and two coordinators approve
(docs/decisions/0036). What else has a period has it here, with its reason. `since` names the column from
whose moment it counts; empty where something else says when it goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from consent_service.foundation.i18n import N_
from consent_service.information.model import AfterGuidance, Catalogue, hash_of, retention_code
from consent_service.rights.retention.model import (
    AfterSchool,
    Always,
    OfCatalogue,
    OfLog,
    Own,
    Period,
    WhileUsed,
    WithFamily,
    WithStaff,
    period_code,
)

Remover = Literal["run", "erasure", "leaving", "sessions", "keys", "pruning", "erasure_end", "use", "nobody"]
"""Who takes it away: the retention run; the erasure of the family, which the run begins; leaving of a member
of staff; the clearing away of sessions; the end of keys; pruning of the log; the end of the erasure it is
about; whoever replaces or ends it; nobody."""

FAMILY_MONTHS: Final = 60
"""Five years after guidance: so long it must be possible to show that sharing was allowed (AVG 7(1), 5(2)), a
claim for damages can be brought (BW 3:310(1)), and entries of the log are kept (`rights.pruning`)."""
STAFF_MONTHS: Final = 60
"""So long the log tells who looked: it must be possible to say who that was (AVG 15(1)(c))."""

_FAMILY: Final = WithFamily(FAMILY_MONTHS)
_YEAR: Final = Own(months=12)
_DAY: Final = Own(days=1)


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tables that belong together, for whoever reads the page."""

    title: str
    explanation: str
    article: str


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table: until when its rows are kept, counted from `since`, and who removes them."""

    group: str
    period: Period
    remover: Remover
    since: str = ""


GROUPS: Final[Mapping[str, Group]] = {
    "records": Group(
        N_("Informatie voor en van school"),
        N_("Elke soort informatie heeft een eigen termijn. Ouders zien die termijn vóór zij kiezen."),
        "AVG 5(1)(e)",
    ),
    "families": Group(
        N_("Gezinnen, gezag en veiligheid"),
        N_("Zo lang kan iemand vragen of het delen mocht. Daarna gaat het hele gezin weg."),
        "AVG 5(2), 17(3)(e); BW 3:310",
    ),
    "answers": Group(
        N_("Antwoorden en toestemmingen"),
        N_("Het bewijs dat er toestemming was. Het gaat weg met het gezin."),
        "AVG 7(1)",
    ),
    "together": Group(
        N_("Driegesprekken, afspraken en terugroepen"),
        N_("Wat samen met school is gedaan. Het gaat weg met het gezin."),
        "AVG 5(1)(e)",
    ),
    "emergencies": Group(
        N_("Noodgevallen, meldcode en wettelijke verzoeken"),
        N_("Waarom zonder toestemming is gelezen of gemeld. Het gaat weg met het gezin."),
        "AVG 5(2); Wmo 2015 3.3; Jeugdwet 4.1.7",
    ),
    "own_page": Group(
        N_("De eigen pagina van ouder en kind"),
        N_("De tweede stap bij inloggen en de code op papier. Ze gaan weg met het gezin."),
        "AVG 5(1)(e)",
    ),
    "own_devices": Group(
        N_("Apparaten waarmee iemand inlogde"),
        N_("Zo merkt de dienst een vreemd apparaat op. Wat lang niet gebruikt is, gaat weg."),
        "AVG 5(1)(e), 32",
    ),
    "drafts": Group(
        N_("Antwoorden zonder handtekening"),
        N_("Een gesprek dat niet is afgemaakt, telt niet."),
        "AVG 5(1)(c)",
    ),
    "signals": Group(
        N_("Zorgsignalen, belletjes en de eerste dag"),
        N_("Dat er iets is doorgegeven en wanneer. De inhoud zelf is dan al weg."),
        "AVG 5(1)(e)",
    ),
    "tasks": Group(
        N_("Afgevinkte taken"), N_("Een jaar om terug te kijken wat is gedaan."), "AVG 5(1)(e)"
    ),
    "messages": Group(
        N_("Berichten"), N_("Dat er een bericht was. De inhoud stond er nooit in."), "AVG 5(1)(e)"
    ),
    "marks": Group(
        N_("Wat de agenda al heeft verteld"),
        N_("Zodat een herinnering niet twee keer komt."),
        "AVG 5(1)(c)",
    ),
    "logins": Group(
        N_("Inloggen"),
        N_("Sessies en codes zijn na hun einde niets meer waard."),
        "AVG 5(1)(e), 32",
    ),
    "staff": Group(
        N_("Medewerkers"),
        N_("Zo lang het logboek vertelt wie er keek, moet te zeggen zijn wie dat was."),
        "AVG 5(1)(e), 15(1)(c)",
    ),
    "log": Group(
        N_("Het logboek"),
        N_("Na deze termijn laat een privacycoördinator oude regels weg. Het bewijs blijft kloppen."),
        "AVG 5(2), 24",
    ),
    "keys": Group(
        N_("Sleutels"),
        N_("Een sleutel gaat vóór of met wat hij afsluit. Alleen zijn nummer blijft, anders komt hij terug."),
        "AVG 17, 32",
    ),
    "requests": Group(
        N_("Verzoeken van mensen"),
        N_("Dat iets gevraagd en beantwoord is. Een dossier dat klaarlag gaat veel eerder weg."),
        "AVG 5(2), 12",
    ),
    "breaches": Group(
        N_("Datalekken"),
        N_("Elk datalek blijft vijf jaar na het afsluiten te zien, ook als het niet gemeld is."),
        "AVG 33(5), 5(2)",
    ),
    "reviews": Group(
        N_("Steekproeven en vragen aan het logboek"),
        N_("Welke regels zijn nagekeken en wat daarvan gevonden is."),
        "AVG 5(2), 39(1)",
    ),
    "organisation": Group(
        N_("Organisaties, regels en instellingen"),
        N_("Hierin staat niets over gezinnen."),
        "AVG 5(2)",
    ),
    "accountability": Group(
        N_("Verantwoording over wissen en bewaren"),
        N_("Hoeveel er weg is en wie dat besloot, en over niemand meer."),
        "AVG 5(2), 19",
    ),
}  # fmt: skip


def _each(group: str, period: Period, remover: Remover, *tables: str) -> Iterator[tuple[str, Kept]]:
    yield from ((table, Kept(group, period, remover)) for table in tables)


def _own(group: str, period: Period, remover: Remover, **since: str) -> Iterator[tuple[str, Kept]]:
    yield from ((table, Kept(group, period, remover, column)) for table, column in since.items())


REGISTER: Final[Mapping[str, Kept]] = dict(
    [
        # what may be read at school, and here
        ("records", Kept("records", OfCatalogue(), "run")),
        *_each("records", _FAMILY, "erasure", "record_digests"),
        # a family and what was decided about it
        *_each(
            "families", _FAMILY, "erasure",
            "families", "children", "guardians", "authority_facts", "child_competence", "safety_assessments",
            "safety_markers", "assignments", "relationships", "relationship_state", "relationship_contacts",
            "contact_attestations", "contact_absences",
        ),
        *_each("answers", _FAMILY, "erasure", "consent_ledger", "sittings", "passed_on_statements"),
        *_own("drafts", Own(days=30), "run", sitting_answers="answered_at"),
        *_each(
            "together", _FAMILY, "erasure",
            "meetings", "meeting_participants", "meeting_agreements", "meeting_remarks", "recalls",
            "ending_plans", "first_contacts",
        ),
        *_each(
            "emergencies", _FAMILY, "erasure",
            "break_glasses", "meldcodes", "meldcode_steps", "statutory_requests",
        ),
        *_each("own_page", _FAMILY, "erasure", "page_factors", "withdrawal_codes"),
        *_own("own_devices", _YEAR, "run", page_devices="last_used_at", staff_devices="last_seen_on"),
        # traces of what was done
        *_own(
            "signals", _YEAR, "run",
            care_signals="gone_at", signal_hearers="at", phone_calls="shown_at", first_day_ticks="ticked_at",
        ),
        *_own("tasks", _YEAR, "run", tasks="done_at"),
        *_own("messages", _YEAR, "run", notices="created_at", notice_bounces="at"),
        *_each("messages", WhileUsed(), "run", "notice_addresses", "notice_wishes"),
        *_own("marks", Own(months=24), "run", calendar_marks="at", pattern_marks="week"),
        # logging in
        *_own(
            "logins", _DAY, "run",
            login_attempts="expires_at", invitation_logins="expires_at", enrolments="expires_at",
            page_challenges="expires_at", passkey_challenges="expires_at", page_tries="last_at",
            step_tokens="issued_at",
        ),
        *_own(
            "logins", _DAY, "sessions",
            sessions="expires_at", operator_logins="expires_at", operator_grants="asked_at",
            api_tokens="expires_at", client_assertions_seen="expires_at", logout_tokens_seen="expires_at",
        ),
        *_each("logins", WhileUsed(), "leaving", "return_pins", "passkeys", "session_devices", "staff_links"),
        # who works here
        *_own("staff", WithStaff(STAFF_MONTHS), "run", staff="ended_at"),
        *_each("staff", WithStaff(STAFF_MONTHS), "run", "staff_invitations"),
        # the log: entries by pruning, the rest proves what is left
        *_each("log", OfLog(60), "pruning", "audit_entries", "audit_details", "audit_index", "audit_emptied"),
        *_each(
            "log", Always(), "nobody",
            "audit_logs", "audit_sequence", "audit_tiles", "audit_checkpoints", "audit_cosignatures",
            "audit_timestamps", "audit_prunings", "audit_leases", "follower_cursors",
        ),
        ("relationship_keys", Kept("keys", AfterSchool(), "run")),
        *_each("keys", WhileUsed(), "keys", "person_keys", "tenant_keys", "key_roots"),
        *_each(
            "keys", Always(), "nobody",
            "key_destructions", "key_epochs", "key_backups", "carried_out_stops",
        ),
        # what people asked about their own data, and what officers looked at
        *_own("requests", Own(months=60), "run", rights_cases="ended_at"),
        *_own("requests", Own(months=3), "run", access_files="made_at"),
        *_each("requests", _FAMILY, "erasure", "restrictions", "rectifications"),
        *_own("breaches", Own(months=60), "run", breaches="closed_at", breach_exams="asked_at"),
        *_each("breaches", _FAMILY, "erasure", "breach_people", "breach_letters"),
        *_each("reviews", WhileUsed(), "use", "saved_questions"),
        *_each("reviews", _FAMILY, "erasure", "review_notes"),
        *_each("reviews", Always(), "nobody", "review_samples", "review_drawn", "review_judgements"),
        # organisations and settings: of nobody, or of who answers for them by a pseudonym
        *_each(
            "organisation", WhileUsed(), "use",
            "agreements", "api_clients", "api_client_keys", "oidc_providers", "operators", "school_regions",
            "schools", "school_successions", "signal_routes", "suspended_texts", "tenants",
        ),
        *_each(
            "organisation", Always(), "nobody",
            "active_bundles", "policy_bundles", "policy_proposals", "policy_approvals", "text_versions",
            "evaluation_counts", "evaluation_figures", "evaluation_publications", "yearly_figures",
            "yearly_reports",
        ),
        # answering for it
        *_each("accountability", Always(), "nobody", "erasures", "retention_holds", "retention_schedules"),
        *_each("accountability", Always(), "nobody", "erasure_keys"),
        *_each("accountability", WhileUsed(), "erasure_end", "erasure_targets"),
        *_own(
            "accountability", Own(months=60), "run",
            erasure_notices="issued_at", retention_runs="ended_at",
        ),
    ]
)  # fmt: skip
"""Of every table. Rows of a table that `WithFamily` has name the family, or somebody or something of it."""


def months_of(table: str) -> int:
    """How long rows of this table are kept, in months; 0 where another than a number of months decides."""
    match REGISTER[table].period:
        case Own(months=months) | OfLog(months=months) | WithFamily(months=months) | WithStaff(months=months):
            return months
        case _:
            return 0


def longest_months(catalogue: Catalogue) -> int:
    """After so many months after guidance no information type is kept any more that has no day of its own."""
    found = [
        one.retention.months for one in catalogue.types.values() if isinstance(one.retention, AfterGuidance)
    ]
    return max(found, default=0)


def periods_hash(catalogue: Catalogue) -> str:
    """Of every period there is: with another one this is another hash, and another schedule."""
    types = {key: retention_code(kind.retention) for key, kind in catalogue.types.items()}
    tables = {table: period_code(kept.period) for table, kept in REGISTER.items()}
    return hash_of({"types": types, "tables": tables})
