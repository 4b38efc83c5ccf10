"""The log in the officer's language: sentences with their codes put into words, and who did it.

Metadata only: ids, codes, counts and times. A name of anybody is never looked up here. The sentence
itself is `audit.describe`; a code without a word stays as it is, so that nothing is hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from consent_service.audit.describe import describe
from consent_service.audit.describing import SHOWN_OF_ID
from consent_service.audit.encoding import Detail
from consent_service.audit.events import (
    By,
    Event,
    InformationReleased,
    PolicyApproved,
    PolicyRefused,
    RefusedType,
    ReleaseRefused,
)
from consent_service.audit.faults import ALONE, describe_fault
from consent_service.audit.log import TrailEntry
from consent_service.audit.reconciling import Mismatch
from consent_service.audit.verify import BadEntry
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import TypeKey, is_id
from consent_service.information.texts import LanguageTexts
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import Refusal
from consent_service.policy.explain import sentence
from consent_service.policy.problem_words import ADVICE
from consent_service.process.model import ReminderKind
from consent_service.web.components import FieldLine, Option
from consent_service.web.meldcode.words import LAWFUL_CODES
from consent_service.web.officer.policies_words import ORIGINS
from consent_service.web.officer.reason_words import (
    CLIENT_WORDS,
    INVITATION_ENDS,
    LOGIN_REFUSALS,
    PAGE_REASONS,
    REFUSALS,
    START_REASONS,
)
from consent_service.web.officer.wording_together import TOGETHER
from consent_service.web.reviews.words import CODES as REVIEW_CODES
from consent_service.web.vocabulary import (
    AUTHORITY_SOURCES,
    EXPLICIT,
    FIELD_LABELS,
    INCOMPETENCE,
    PURPOSES,
    ROLES,
    SAFETY,
    SUBSTITUTE_REASONS,
)

EVENTS: Final[Mapping[str, str]] = {
    **TOGETHER,
    "tenant.registered.v1": N_("Opvangorganisatie toegevoegd"),
    "school.registered.v1": N_("School toegevoegd"),
    "school.changed.v1": N_("School gewijzigd"),
    "agreement.signed.v1": N_("Convenant vastgelegd"),
    "agreement.ended.v1": N_("Convenant beëindigd"),
    "staff.added.v1": N_("Medewerker toegevoegd"),
    "staff.placed.v1": N_("Medewerker in een team geplaatst"),
    "staff.ended.v1": N_("Medewerker uit dienst"),
    "assignment.started.v1": N_("Begeleider gekoppeld"),
    "assignment.ended.v1": N_("Begeleider losgekoppeld"),
    "provider.registered.v1": N_("Inlogdienst toegevoegd"),
    "provider.changed.v1": N_("Inlogdienst gewijzigd"),
    "staff.linked.v1": N_("Inlogaccount gekoppeld"),
    "staff.unlinked.v1": N_("Inlogaccounts losgekoppeld"),
    "family.registered.v1": N_("Gezin ingeschreven"),
    "child.registered.v1": N_("Kind ingeschreven"),
    "guardian.registered.v1": N_("Ouder of voogd ingeschreven"),
    "authority.recorded.v1": N_("Gezag vastgelegd"),
    "safety.assessed.v1": N_("Veiligheid beoordeeld"),
    "relationship.started.v1": N_("School van het kind vastgelegd"),
    "relationship.ended.v1": N_("Samenwerking met de school beëindigd"),
    "contact.listed.v1": N_("Contactpersoon op de lijst"),
    "contact.removed.v1": N_("Contactpersoon van de lijst"),
    "identity.changed.v1": N_("Persoonsgegevens gewijzigd"),
    "identity.viewed.v1": N_("Persoonsgegevens bekeken"),
    "family.searched.v1": N_("Naar een gezin gezocht"),
    "substitute.access.v1": N_("Als vervanger geopend"),
    "intake.started.v1": N_("Gesprek over toestemming begonnen"),
    "intake.finished.v1": N_("Gesprek over toestemming afgerond"),
    "consent.given.v1": N_("Ja gezegd"),
    "consent.refused.v1": N_("Nee gezegd"),
    "consent.later.v1": N_("Nog niet gekozen"),
    "consent.withdrawn.v1": N_("Toestemming ingetrokken"),
    "consent.objected.v1": N_("Bezwaar gemaakt"),
    "consent.objection_lifted.v1": N_("Bezwaar opgeheven"),
    "consent.opinion.v1": N_("Mening van het kind"),
    "consent.invalidated.v1": N_("Antwoord ongeldig verklaard"),
    "record.shared.v1": N_("Informatie klaargezet"),
    "record.approved.v1": N_("Informatie goedgekeurd"),
    "record.attested.v1": N_("Verklaard dat het mag"),
    "record.retracted.v1": N_("Informatie teruggehaald"),
    "record.share_refused.v1": N_("Klaarzetten geweigerd"),
    "information.previewed.v1": N_("Bekeken wat gedeeld mag worden"),
    "information.released.v1": N_("Informatie gegeven"),
    "release.refused.v1": N_("Informatie geweigerd"),
    "release.duty_arose.v1": N_("Taak door het delen"),
    "release.failed.v1": N_("Versturen mislukt"),
    "login.succeeded.v1": N_("Ingelogd"),
    "login.refused.v1": N_("Inloggen geweigerd"),
    "logout.v1": N_("Uitgelogd"),
    "logout.refused.v1": N_("Uitloggen door de inlogdienst geweigerd"),
    "login.stepped_up.v1": N_("Opnieuw bewezen wie men is"),
    "factor.proved.v1": N_("Tweede stap bij het inloggen gezet"),
    "factor.refused.v1": N_("Tweede stap bij het inloggen geweigerd"),
    "factor.enrolment_given.v1": N_("Code voor toegangssleutel gegeven"),
    "passkey.added.v1": N_("Toegangssleutel toegevoegd"),
    "passkey.removed.v1": N_("Toegangssleutel verwijderd"),
    "handover.refused.v1": N_("Teruggeven van de tablet geweigerd"),
    "staff.invited.v1": N_("Medewerker uitgenodigd"),
    "staff.invitation_ended.v1": N_("Uitnodiging vervallen"),
    "statutory_request.received.v1": N_("Verzoek met wettelijke grond"),
    "statutory_request.answered.v1": N_("Verzoek met wettelijke grond beantwoord"),
    "statutory_text.read.v1": N_("Meldcode of verzoek gelezen"),
    "contact.attested.v1": N_("Contactpersoon bevestigd"),
    "contact.away.v1": N_("Contactpersoon afwezig"),
    "contact.lapsed.v1": N_("Contactpersoon niet bevestigd"),
    "operator.added.v1": N_("Beheerder toegevoegd"),
    "operator.ended.v1": N_("Beheerder afgemeld"),
    "operator.admitted.v1": N_("Beheerder toegelaten tot de opdrachten"),
    "client.registered.v1": N_("Gekoppeld systeem toegevoegd"),
    "client.changed.v1": N_("Gekoppeld systeem gewijzigd"),
    "client.ended.v1": N_("Gekoppeld systeem losgekoppeld"),
    "client.admitted.v1": N_("Gekoppeld systeem toegelaten"),
    "client.served.v1": N_("Gekoppeld systeem bediend"),
    "client.refused.v1": N_("Gekoppeld systeem geweigerd"),
    "first_day.ticked.v1": N_("Eerste dag veilig bijgewerkt"),
    "call.made.v1": N_("School gebeld"),
    "telling.by_parent.v1": N_("Ouder vertelt het zelf"),
    "school.placed.v1": N_("Vakantieregio van een school vastgelegd"),
    "session.ended.v1": N_("Sessie beëindigd"),
    "handover.started.v1": N_("Tablet aan de ouder gegeven"),
    "handover.ended.v1": N_("Tablet terug"),
    "log.viewed.v1": N_("Logboek bekeken"),
    "log.pinned.v1": N_("Stand van het logboek bewaard"),
    "log.exported.v1": N_("Uit het logboek meegegeven"),
    "log.reopened.v1": N_("Nieuw logboek begonnen"),
    "log.key_rotated.v1": N_("Sleutel van het logboek vervangen"),
    "log.head_learned.v1": N_("Elders bewaarde stand ingelezen"),
    "log.head_accepted.v1": N_("Stand als bekend aangenomen"),
    "log.witness_dismissed.v1": N_("Getuige telt niet meer"),
    "log.pruned.v1": N_("Oude regels opgeruimd"),
    "entries.released.v1": N_("Regels vrijgegeven"),
    "erasure.asked.v1": N_("Wissen gevraagd"),
    "erasure.approved.v1": N_("Wissen goedgekeurd"),
    "erasure.dropped.v1": N_("Wissen gaat niet door"),
    "erasure.executed.v1": N_("Gewist"),
    "record.expired.v1": N_("Vernietigd: termijn voorbij"),
    "retention.ran.v1": N_("Opgeruimd"),
    "retention.held.v1": N_("Bewaren vastgezet of losgelaten"),
    "retention.scheduled.v1": N_("Besluit over bewaartermijnen"),
    "log.verified.v1": N_("Logboek gecontroleerd"),
    "key.created.v1": N_("Sleutel gemaakt"),
    "key.destroyed.v1": N_("Sleutel vernietigd"),
    "key.destroyed_on_order.v1": N_("Sleutel vernietigd in opdracht"),
    "key.path_destroyed.v1": N_("Sleutels erboven vernietigd"),
    "key.backups_expired.v1": N_("Laatste kopie van sleutel weg"),
    "key.epoch_begun.v1": N_("Vervangen van sleutels begonnen"),
    "key.epoch_ended.v1": N_("Sleutels vervangen"),
    "key.backed_up.v1": N_("Kopie van sleutels gemaakt"),
    "key.restored.v1": N_("Sleutels teruggezet"),
    "key.recovery_made.v1": N_("Herstelsleutel gemaakt"),
    "key.recovery_drilled.v1": N_("Herstel geoefend"),
    "key.records_reencrypted.v1": N_("Opnieuw versleuteld"),
    "key.root_returned.v1": N_("Vernietigde hoofdsleutel was er weer"),
    "key.index_rotated.v1": N_("Zoeksleutel vervangen"),
    "policy.refused.v1": N_("Voorstel voor regels afgewezen"),
    "policy.proposed.v1": N_("Regels voorgesteld"),
    "policy.replayed.v1": N_("Beslissingen opnieuw beoordeeld"),
    "policy.approved.v1": N_("Voorstel voor regels goedgekeurd"),
    "policy.withdrawn.v1": N_("Voorstel voor regels ingetrokken"),
    "bundle.activated.v1": N_("Nieuwe regels in gebruik"),
    "stop.replayed.v1": N_("Stop alsnog verwerkt"),
    "consent.suspended.v1": N_("Antwoord gepauzeerd"),
    "consent.resumed.v1": N_("Antwoord telt weer"),
    "consent.reevaluated.v1": N_("Opnieuw bekeken"),
    "text.suspended.v1": N_("Tekst fout bevonden"),
    "text.resumed.v1": N_("Tekst toch goed"),
    "competence.judged.v1": N_("Beoordeeld of het kind dit kan afwegen"),
    "reminder.due.v1": N_("Herinnering"),
    "receipt.printed.v1": N_("Bewijs gemaakt"),
    "information.reported_wrong.v1": N_("Gemeld: klopt niet"),
    "pattern.seen.v1": N_("Opvallend patroon"),
    "safety.guardian_assessed.v1": N_("Veiligheid van een ouder beoordeeld"),
    "safety.marker_requested.v1": N_("Niet benaderen gevraagd"),
    "safety.marker_decided.v1": N_("Niet benaderen beoordeeld"),
    "safety.marker_ended.v1": N_("Niet benaderen beëindigd"),
    "ending.planned.v1": N_("Einde gepland"),
    "ending.moved.v1": N_("Gepland einde bijgewerkt"),
    "pupil.disowned.v1": N_("Geen leerling van de school"),
    "contact.conflict_declared.v1": N_("Contactpersoon kent het gezin"),
    "school.succeeded.v1": N_("School gaat anders verder"),
    "relationship.succeeded.v1": N_("Verder met de opvolgende school"),
    "page.access_given.v1": N_("Toegang tot eigen pagina gegeven"),
    "page.access_revoked.v1": N_("Toegang tot eigen pagina ingetrokken"),
    "page.opened.v1": N_("Eigen pagina geopend"),
    "page.refused.v1": N_("Eigen pagina geweigerd"),
}
"""Short names of the events, for the filter."""

_REMINDERS: Final[Mapping[ReminderKind, str]] = {
    "consent_ends": N_("toestemming loopt bijna af"),
    "consent_ended": N_("toestemming is afgelopen"),
    "oral_unconfirmed": N_("mondeling ja niet bevestigd"),
    "oral_ended": N_("mondeling ja telt niet meer"),
    "birthday_notice": N_("kind mag bijna meebeslissen"),
    "birthday": N_("kind beslist mee"),
    "birthday_alone": N_("jongere beslist zelf"),
    "authority_unknown": N_("gezag niet bekend"),
    "authority_ends": N_("gezag loopt bijna af"),
    "safety_review": N_("veiligheid opnieuw bekijken"),
    "court_order_ends": N_("uitspraak loopt bijna af"),
    "marker_review": N_("niet benaderen opnieuw bekijken"),
    "contact_attestation": N_("contactpersoon bevestigen"),
    "recall_unanswered": N_("geen antwoord op terugroepen"),
    "recall_long_unanswered": N_("lang geen antwoord op terugroepen"),
    "meldcode_postponed": N_("meldcode nog niet open voor de ouders"),
}
_CODES: Final[Mapping[str, str]] = {
    **{str(kind): words for kind, words in _REMINDERS.items()},
    **PURPOSES,
    **ROLES,
    **SAFETY,
    **AUTHORITY_SOURCES,
    **SUBSTITUTE_REASONS,
    **INCOMPETENCE,
    **EXPLICIT,
    **REFUSALS,
    **START_REASONS,
    **LOGIN_REFUSALS,
    **CLIENT_WORDS,
    **PAGE_REASONS,
    **INVITATION_ENDS,
    **{str(origin): words for origin, words in ORIGINS.items()},
    **LAWFUL_CODES,
    **REVIEW_CODES,
    "school_staff": N_("Medewerker van de school"),
    "full": N_("volledig"),
    "neutral": N_("alleen datum en code"),
    "holder": N_("heeft gezag"),
    "voogd": N_("is voogd"),
    "none": N_("geen gezag"),
    "school": N_("School"),
    "shelter": N_("Opvang"),
    "s2c": N_("van opvang naar school"),
    "c2s": N_("van school naar opvang"),
    "both": N_("heen en terug"),
    "tablet": N_("op de tablet"),
    "paper": N_("op papier"),
    "oral": N_("mondeling"),
    "page": N_("op de pagina"),
    "code": N_("met de code"),
    "signed": N_("getekend"),
    "not_now": N_("nu niet"),
    "officer_review": N_("nakijken door de privacycoördinator"),
    "tell_myself": N_("vertelt het zelf"),
    "moved_out": N_("verhuisd"),
    "changed_school": N_("andere school"),
    "not_our_pupil": N_("geen leerling van deze school"),
    "night_departure": N_("plotseling vertrokken"),
    "logged_out": N_("uitgelogd"),
    "idle": N_("te lang niet gebruikt"),
    "absolute": N_("te lang ingelogd"),
    "replaced": N_("opnieuw ingelogd"),
    "by_owner": N_("zelf beëindigd"),
    "unlinked": N_("mag niet meer inloggen"),
    "returned": N_("teruggegeven"),
    "pin_exhausted": N_("te vaak een verkeerde pincode"),
    "withdrawal": N_("intrekking"),
    "safety_flag": N_("veiligheid"),
    "contact_removal": N_("contactpersoon eraf"),
    "relationship_end": N_("einde met de school"),
    "key_destruction": N_("sleutel vernietigen"),
    "erasure": N_("wissen"),
    "person": N_("persoon"),
    "old_version": N_("een eerdere versie"),
    "index": N_("het zoeken op naam"),
    "relationship": N_("kind en school"),
    "family": N_("gezin"),
    "child": N_("kind"),
    "bundle": N_("pakket met het hele logboek"),
    "bundle-oneself": N_("pakket voor degene zelf"),
    "bundle-person": N_("pakket waarin de regels van één persoon open staan"),
    "oneself": N_("degene zelf"),
    "court": N_("rechter of toezichthouder"),
    "bundle-court": N_("pakket voor rechter of toezichthouder"),
    "command-line": N_("op de opdrachtregel"),
    "entries": N_("blokken regels"),
    "find": N_("regels van één persoon"),
    "ldv": N_("verwerkingenlogboek"),
    "nen7513": N_("toegangslogboek (NEN 7513)"),
    "restored": N_("teruggezet"),
    "planned": N_("gepland"),
    "compromised": N_("mogelijk in verkeerde handen"),
    "requested": N_("zelf gevraagd"),
    "consent_withdrawn": N_("toestemming ingetrokken"),
    "no_longer_needed": N_("niet meer nodig"),
    "unlawful": N_("onrechtmatig"),
    "legal_duty": N_("wettelijke plicht"),
}
_FIELDS: Final[Mapping[str, str]] = {
    "relationship": N_("Kind en school"),
    "child": N_("Kind"),
    "person": N_("Persoon"),
    "guardian": N_("Ouder of voogd"),
    "family": N_("Gezin"),
    "school": N_("School"),
    "staff": N_("Medewerker"),
    "agreement": N_("Convenant"),
    "record": N_("Stuk"),
    "version": N_("Versie"),
    "information_type": N_("Onderwerp"),
    "types": N_("Onderwerpen"),
    "purpose": N_("Doel"),
    "reader": N_("Lezer"),
    "reader_kind": N_("Lezer hoort bij"),
    "role": N_("Rol"),
    "recipient": N_("Voor wie"),
    "direction": N_("Richting"),
    "decision": N_("Besluit"),
    "text_version": N_("Versie van de tekst"),
    "text_hash": N_("Hash van de tekst"),
    "screen_hash": N_("Hash van het scherm"),
    "language": N_("Taal"),
    "method": N_("Hoe"),
    "reason": N_("Reden"),
    "code": N_("Code"),
    "filters": N_("Filters"),
    "results": N_("Aantal"),
    "size": N_("Aantal regels"),
    "problems": N_("Problemen"),
    "digest": N_("Kenmerk van de inhoud"),
    "valid_from": N_("Geldig vanaf"),
    "valid_until": N_("Geldig tot"),
    "review_on": N_("Opnieuw bekijken op"),
    "accepted_at": N_("Aangenomen op"),
    "provider": N_("Inlogdienst"),
    "outcome": N_("Uitkomst"),
    "proposal": N_("Voorstel"),
    "bundle": N_("Kenmerk van de regels"),
    "replaces": N_("In plaats van"),
    "origin": N_("Waar het vandaan komt"),
    "approvers": N_("Goedgekeurd door"),
}


class LogWords:
    """One language and its labels."""

    def __init__(self, texts: LanguageTexts) -> None:
        self._texts = texts
        self._said = translator(texts.language)

    def sentence(self, entry: TrailEntry) -> str:
        """What happened; of an entry whose detail is gone only what the leaf still shows."""
        if entry.detail is not None:
            return self.event(entry.detail.event)
        if entry.type in EVENTS:
            return self._said.text(EVENTS[entry.type])
        if entry.state == "damaged":
            return self._said.text(N_("De inhoud van deze regel is niet te lezen."))
        return self._said.text(N_("De inhoud van deze regel is gewist."))

    def name(self, kind: str) -> str:
        """The short name of a kind of event; empty while the kind is sealed away."""
        return self._said.text(EVENTS[kind]) if kind in EVENTS else ""

    def event(self, event: Event) -> str:
        """The sentence of one event, its codes in words."""
        said = describe(event)
        params = {name: self._words(value) for name, value in said.params.items()}
        if isinstance(event, ReleaseRefused):
            params["refused"] = self._list(one.information_type for one in event.refused)
        if isinstance(event, PolicyRefused):
            params["codes"] = "; ".join(self._wrong(code) for code in event.codes) or "-"
        return self._said.text(said.msgid, **params)

    def type_label(self, kind: TypeKey | None) -> str:
        """What an information type is called; empty without one."""
        return "" if kind is None else self._word(kind)

    def number(self, entry: TrailEntry) -> str:
        """The place of an entry in its log, counted from 1; empty while it waits for one."""
        if entry.seq is None:
            return ""
        number = entry.seq + 1
        return (
            str(number)
            if entry.log < 2
            else self._said.text(N_("{number} (logboek {log})"), number=number, log=entry.log)
        )

    def actor(self, entry: TrailEntry) -> str:
        """Who did it, by capacity and id."""
        return self._said.text(N_("Onbekend")) if entry.detail is None else self.by(entry.detail.by)

    def by(self, by: By) -> str:
        """A capacity and the end of an id, e.g. `Begeleider 9f3a01c2`; the whole id is in the entry."""
        who = by.id[-SHOWN_OF_ID:] if is_id(by.id) else self._word(by.id)
        return f"{self._word(by.kind)} {who}".strip()

    def details(self, detail: Detail, bundle: Bundle | None) -> tuple[FieldLine, ...]:
        """Everything the entry holds, ids whole; with a bundle also why something was refused."""
        event = detail.event
        lines = [self._line(N_("Gedaan door"), detail.by.id or self._word(detail.by.kind))]
        if detail.subject is not None:
            lines.append(self._line(N_("Gaat over"), detail.subject))
        for name, label in _FIELDS.items():
            value = self._value(getattr(event, name, ""))
            if value:
                lines.append(self._line(label, value))
        if isinstance(event, InformationReleased):
            lines += [self._released(one.information_type, one.record, one.version) for one in event.records]
        if isinstance(event, ReleaseRefused):
            lines += [self._refused(one, bundle) for one in event.refused]
        if isinstance(event, PolicyRefused):
            lines += [FieldLine(code, self._advice(code)) for code in event.codes]
        if isinstance(event, PolicyApproved):
            lines.append(self._line(N_("Apart goedgekeurd"), str(len(event.items))))
        if detail.late_since is not None:
            lines.append(self._line(N_("Aangenomen op"), self._said.instant(detail.late_since)))
        return tuple(lines)

    def problem(self, bad: BadEntry) -> str:
        """What is wrong with the log, and where."""
        return describe_fault(bad, self._said)

    def mismatch(self, alone: Mismatch) -> str:
        """An act that the log does not tell of, or the other way round, by its kind and ids."""
        named = ", ".join(part for part in (alone.id, alone.entry) if part)
        return f"{self._word(alone.kind)} ({named}): {self._said.text(ALONE[alone.what])}"

    def event_options(self) -> tuple[Option, ...]:
        """Every kind of event, by its name in this language."""
        named = [Option(kind, self._said.text(label)) for kind, label in EVENTS.items()]
        return tuple(sorted(named, key=lambda option: option.label.casefold()))

    def _refused(self, one: RefusedType, bundle: Bundle | None) -> FieldLine:
        """A type that was not opened and the true cause; without the rules of then only its code."""
        if one.code == "nothing_there":
            cause = self._said.text(N_("Hier is nog niets gedeeld."))
        elif one.code in START_REASONS:
            cause = self._said.text(START_REASONS[one.code])
        elif bundle is None:
            cause = one.code
        else:
            refusal = Refusal(one.information_type, one.code)
            cause = sentence(bundle, refusal, audience="officer", language=self._said.language)
        forbidden = self._said.text(N_("Verboden door: {policies}."), policies=", ".join(one.policies))
        return FieldLine(self._word(one.information_type), f"{cause} {forbidden}" if one.policies else cause)

    def _wrong(self, code: str) -> str:
        """What a check found, without what to do about it; a code of no known check stays as it is."""
        return self._advice(code).partition(". ")[0].rstrip(".")

    def _advice(self, code: str) -> str:
        text = ADVICE.get(code)
        return self._said.text(text) if text else code

    def _released(self, information_type: str, record: str, version: int) -> FieldLine:
        told = self._said.text(N_("{record}, versie {version}"), record=record, version=version)
        return FieldLine(self._word(information_type), told)

    def _line(self, label: str, value: str) -> FieldLine:
        return FieldLine(self._said.text(label), value)

    def _value(self, value: object) -> str:
        if isinstance(value, tuple):
            return self._list(str(one) for one in value if isinstance(one, str))
        if isinstance(value, datetime):
            return self._said.instant(value)
        if isinstance(value, date):
            return self._said.date(value)
        return self._word(str(value)) if value else ""

    def _list(self, codes: Iterable[str]) -> str:
        return ", ".join(self._word(code) for code in codes)

    def _words(self, joined: str) -> str:
        return self._list(joined.split(", "))

    def _word(self, code: str) -> str:
        text = next((text for key, text in self._texts.types.items() if key == code), None)
        if text is not None:
            return text.label
        word = _CODES.get(code) or FIELD_LABELS.get(code)
        return self._said.text(word) if word else code
