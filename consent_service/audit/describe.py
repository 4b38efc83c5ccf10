"""What an entry says in plain words: a Dutch sentence with placeholders, translated at the edge.

A placeholder holds a code, an id, a count or a day. Turning the key of an information type, a
purpose or a reason code into a label is the page's; who did it stands beside the sentence.
mypy refuses this module while an event is not handled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, assert_never

import msgspec

from consent_service.audit.events import (
    AgreementEnded,
    AgreementSigned,
    AssignmentEnded,
    AssignmentStarted,
    AuthorityRecorded,
    BundleActivated,
    ChildRegistered,
    CompetenceJudged,
    ConflictDeclared,
    ConsentEvent,
    ConsentGiven,
    ConsentInvalidated,
    ConsentLater,
    ConsentObjected,
    ConsentObjectionLifted,
    ConsentOpinion,
    ConsentReevaluated,
    ConsentRefused,
    ConsentResumed,
    ConsentSuspended,
    ConsentWithdrawn,
    ContactListed,
    ContactRemoved,
    Event,
    FamilyEvent,
    FamilyRegistered,
    FamilySearched,
    GuardianRegistered,
    GuardianSafetyAssessed,
    HandoverEnded,
    HandoverStarted,
    IdentityChanged,
    IdentityViewed,
    IndexKeyRotated,
    InformationPreviewed,
    InformationReleased,
    IntakeFinished,
    IntakeStarted,
    KeyBackupsExpired,
    KeyCreated,
    KeyDestroyed,
    KeyDestroyedOnOrder,
    KeyEpochBegun,
    KeyEpochEnded,
    KeyEvent,
    KeyPathDestroyed,
    KeyRootReturned,
    KeysBackedUp,
    KeysRestored,
    LogEvent,
    LoginRefused,
    LoginSucceeded,
    Logout,
    LogVerified,
    LogViewed,
    MarkerDecided,
    MarkerEnded,
    MarkerRequested,
    OrganisationEvent,
    PageAccessGiven,
    PageAccessRevoked,
    PageOpened,
    PageRefused,
    PatternSeen,
    ProviderRegistered,
    PupilDisowned,
    RecallAcknowledged,
    RecallIssued,
    ReceiptPrinted,
    RecordApproved,
    RecordAttested,
    RecordEvent,
    RecordRetracted,
    RecordShared,
    RecordShareRefused,
    RecordsReencrypted,
    RecoveryDrilled,
    RecoveryKeyMade,
    RelationshipEnded,
    RelationshipStarted,
    RelationshipSucceeded,
    ReleaseFailed,
    ReleaseRefused,
    ReminderDue,
    SafetyAssessed,
    SchoolChanged,
    SchoolRegistered,
    SchoolSucceeded,
    SessionEnded,
    SessionEvent,
    StaffAdded,
    StaffEnded,
    StaffPlaced,
    StopReplayed,
    SubstituteAccess,
    TenantRegistered,
    TextResumed,
    TextSuspended,
    WrongInformationReported,
)
from consent_service.audit.verify import BadEntry, What
from consent_service.foundation.i18n import N_

_PROBLEMS: Final[Mapping[What, str]] = {
    "leaf_changed": N_("De regel is gewijzigd."),
    "leaf_missing": N_("De regel is verdwenen."),
    "leaf_malformed": N_("De regel heeft niet de juiste vorm."),
    "leaf_misplaced": N_("Hier staat een andere regel."),
    "sequence_gap": N_("Een nummer is overgeslagen of dubbel."),
    "detail_differs": N_("De inhoud hoort niet bij deze regel."),
    "detail_missing": N_("De inhoud is weggehaald, terwijl de sleutel er nog is."),
    "index_differs": N_("De regel wordt niet gevonden zoals de inhoud zegt."),
    "detail_damaged": N_("De verzegelde inhoud is beschadigd."),
    "detail_without_entry": N_("Inhoud zonder regel."),
    "entry_not_sequenced": N_("De regel heeft geen plaats in het logboek."),
    "tile_differs": N_("Een tussenstand klopt niet."),
    "tile_missing": N_("Een tussenstand ontbreekt."),
    "root_differs": N_("De regels passen niet bij de ondertekende stand."),
    "checkpoint_malformed": N_("Een ondertekende stand heeft niet de juiste vorm."),
    "checkpoint_foreign": N_("Een ondertekende stand is van een ander logboek."),
    "checkpoint_signature": N_("Een handtekening klopt niet."),
    "checkpoint_beyond_log": N_("Het einde van het logboek is afgeknipt."),
    "not_signed": N_("Deze regels zijn niet ondertekend."),
    "no_log": N_("Deze organisatie heeft geen logboek."),
}


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Dutch source sentence and what fills its placeholders."""

    msgid: str
    params: dict[str, str] = {}


def describe_problem(code: What) -> Sentence:
    """What is wrong with the log, in one sentence."""
    return Sentence(_PROBLEMS[code])


def describe_place(bad: BadEntry) -> Sentence:
    """Where in the log it is wrong; people count from 0, as the log does."""
    if bad.seq is None:
        return Sentence(N_("Zonder plaats")) if not bad.entry else _say(N_("Regel {entry}"), entry=bad.entry)
    if bad.until is not None:
        return _say(N_("Regels {first} tot en met {last}"), first=bad.seq, last=bad.until)
    return _say(N_("Regel {number}"), number=bad.seq)


def describe(event: Event) -> Sentence:
    """What happened, in one sentence."""
    if isinstance(event, OrganisationEvent):
        return _organisation(event)
    if isinstance(event, FamilyEvent):
        return _family(event)
    if isinstance(event, ConsentEvent):
        return _consent(event)
    if isinstance(event, RecordEvent):
        return _record(event)
    if isinstance(event, SessionEvent):
        return _session(event)
    if isinstance(event, LogEvent):
        return _log(event)
    if isinstance(event, KeyEvent):
        return _keys(event)
    assert_never(event)


def _organisation(event: OrganisationEvent) -> Sentence:
    match event:
        case TenantRegistered():
            return _say(N_("Opvangorganisatie toegevoegd."))
        case SchoolRegistered():
            return _say(N_("School toegevoegd."))
        case SchoolChanged(changed=changed):
            return _say(N_("Gegevens van een school gewijzigd: {fields}."), fields=_list(changed))
        case AgreementSigned():
            return _say(N_("Convenant met een school vastgelegd."))
        case AgreementEnded(reason=reason):
            return _say(N_("Convenant met een school beëindigd. Reden: {reason}."), reason=reason)
        case StaffAdded(role=role):
            return _say(N_("Medewerker toegevoegd als {role}."), role=role)
        case StaffPlaced(team=team):
            return _say(N_("Medewerker in een team geplaatst: {team}."), team=team or "-")
        case StaffEnded():
            return _say(N_("Medewerker uit dienst gemeld."))
        case AssignmentStarted():
            return _say(N_("Begeleider aan het gezin gekoppeld."))
        case AssignmentEnded():
            return _say(N_("Begeleider van het gezin losgekoppeld."))
        case ProviderRegistered(provider=provider):
            return _say(N_("Inlogdienst {provider} toegevoegd."), provider=provider)
        case _:
            assert_never(event)


def _family(event: FamilyEvent) -> Sentence:
    match event:
        case FamilyRegistered():
            return _say(N_("Gezin ingeschreven."))
        case ChildRegistered():
            return _say(N_("Kind ingeschreven."))
        case GuardianRegistered():
            return _say(N_("Ouder of voogd ingeschreven."))
        case AuthorityRecorded(kind=kind, source=source):
            return _say(N_("Gezag vastgelegd: {kind}. Gezien: {source}."), kind=kind, source=source)
        case SafetyAssessed(state=state):
            return _say(N_("Veiligheid beoordeeld: {state}."), state=state)
        case RelationshipStarted():
            return _say(N_("School van het kind vastgelegd."))
        case RelationshipEnded(reason=reason):
            return _say(N_("Samenwerking met de school beëindigd. Reden: {reason}."), reason=reason)
        case ContactListed(role=role):
            return _say(N_("Contactpersoon van de school op de lijst gezet als {role}."), role=role)
        case ContactRemoved(reason=reason):
            return _say(
                N_("Contactpersoon van de school van de lijst gehaald. Reden: {reason}."), reason=reason
            )
        case IdentityChanged(fields=fields):
            return _say(N_("Persoonsgegevens gewijzigd: {fields}."), fields=_list(fields))
        case IdentityViewed(purpose=purpose):
            return _say(N_("Persoonsgegevens bekeken. Doel: {purpose}."), purpose=purpose)
        case FamilySearched(results=results):
            return _say(N_("Naar een gezin gezocht; gevonden: {count}."), count=results)
        case SubstituteAccess(reason=reason):
            return _say(N_("Als vervanger het gezin geopend. Reden: {reason}."), reason=reason)
        case GuardianSafetyAssessed(state=state):
            return _say(N_("Veiligheid van een ouder beoordeeld: {state}."), state=state)
        case MarkerRequested():
            return _say(N_("Gevraagd om een ouder niet te benaderen, om de veiligheid."))
        case MarkerDecided(approved=True):
            return _say(N_("Goedgekeurd: een ouder wordt niet benaderd, om de veiligheid."))
        case MarkerDecided():
            return _say(N_("Niet goedgekeurd om een ouder niet te benaderen."))
        case MarkerEnded():
            return _say(N_("Een ouder niet benaderen geldt niet meer."))
        case RecallIssued(information_type=kind, records=count):
            msgid = N_("Aan de school gevraagd om iets weg te halen: {information_type}; stukken: {count}.")
            return _say(msgid, information_type=kind, count=count)
        case RecallAcknowledged(answer=answer):
            return _say(N_("De school antwoordde op het verzoek: {answer}."), answer=answer)
        case PupilDisowned():
            return _say(N_("De school meldt: dit is geen leerling van ons. Alles is dicht."))
        case ConflictDeclared():
            return _say(N_("Een contactpersoon kent het gezin zelf; de vervanger neemt het over."))
        case SchoolSucceeded():
            return _say(N_("Een school gaat verder als een andere school."))
        case RelationshipSucceeded():
            return _say(N_("De samenwerking gaat verder met de opvolgende school."))
        case _:
            assert_never(event)


def _consent(event: ConsentEvent) -> Sentence:
    match event:
        case IntakeStarted():
            return _say(N_("Gesprek over toestemming begonnen."))
        case IntakeFinished(yes=yes, no=no, later=later):
            msgid = N_("Gesprek over toestemming afgerond: {yes} keer ja, {no} keer nee, {later} keer later.")
            return _say(msgid, yes=yes, no=no, later=later)
        case ConsentGiven(information_type=kind):
            return _say(N_("Ja gezegd tegen delen van {information_type}."), information_type=kind)
        case ConsentRefused(information_type=kind):
            return _say(N_("Nee gezegd tegen delen van {information_type}."), information_type=kind)
        case ConsentLater(information_type=kind):
            return _say(N_("Nog niet gekozen over delen van {information_type}."), information_type=kind)
        case ConsentWithdrawn(information_type=kind):
            return _say(N_("Toestemming voor {information_type} ingetrokken."), information_type=kind)
        case ConsentObjected(information_type=kind):
            return _say(N_("Bezwaar gemaakt tegen delen van {information_type}."), information_type=kind)
        case ConsentObjectionLifted(information_type=kind):
            msgid = N_("Bezwaar tegen delen van {information_type} opgeheven.")
            return _say(msgid, information_type=kind)
        case ConsentOpinion(information_type=kind, opinion=opinion):
            msgid = N_("Mening van het kind over {information_type} vastgelegd: {opinion}.")
            return _say(msgid, information_type=kind, opinion=opinion)
        case ConsentInvalidated(information_type=kind, reason=reason):
            msgid = N_("Antwoord over {information_type} ongeldig verklaard. Reden: {reason}.")
            return _say(msgid, information_type=kind, reason=reason)
        case ConsentSuspended(information_type=kind):
            msgid = N_("Antwoord over {information_type} gepauzeerd: de tekst was fout.")
            return _say(msgid, information_type=kind)
        case ConsentResumed(information_type=kind):
            msgid = N_("Antwoord over {information_type} telt weer: de tekst was goed.")
            return _say(msgid, information_type=kind)
        case ConsentReevaluated(cause=cause, before=before, after=after):
            msgid = N_("Opnieuw bekeken wat de school mag zien ({cause}). Eerst: {before}. Nu: {after}.")
            return _say(msgid, cause=cause, before=_list(before), after=_list(after))
        case TextSuspended(text_version=version, consents=count):
            msgid = N_("Tekst {version} is fout bevonden; gepauzeerde antwoorden: {count}.")
            return _say(msgid, version=version, count=count)
        case TextResumed(text_version=version, consents=count):
            msgid = N_("Tekst {version} is toch goed; antwoorden die weer tellen: {count}.")
            return _say(msgid, version=version, count=count)
        case CompetenceJudged(competent=True):
            return _say(N_("Beoordeeld: het kind kan dit zelf afwegen."))
        case CompetenceJudged(reason=reason):
            msgid = N_("Beoordeeld: het kind kan dit nog niet zelf afwegen. Reden: {reason}.")
            return _say(msgid, reason=reason)
        case ReminderDue(kind=kind):
            return _say(N_("Herinnering: {kind}."), kind=kind)
        case ReceiptPrinted(kind=kind):
            return _say(N_("Bewijs van de keuzes gemaakt: {kind}."), kind=kind)
        case WrongInformationReported(information_type=kind):
            return _say(N_("Gemeld dat iets niet klopt: {information_type}."), information_type=kind)
        case PatternSeen(kind=kind, count=count):
            return _say(N_("Opvallend patroon: {kind}; aantal: {count}."), kind=kind, count=count)
        case _:
            assert_never(event)


def _record(event: RecordEvent) -> Sentence:
    match event:
        case RecordShared(information_type=kind):
            return _say(N_("Informatie klaargezet om te delen: {information_type}."), information_type=kind)
        case RecordApproved(information_type=kind):
            return _say(
                N_("Informatie goedgekeurd door een tweede persoon: {information_type}."),
                information_type=kind,
            )
        case RecordAttested(information_type=kind):
            return _say(
                N_("De schrijver verklaarde dat er geen ziekte of BSN staat: {information_type}."),
                information_type=kind,
            )
        case RecordRetracted(information_type=kind):
            return _say(N_("Informatie teruggehaald: {information_type}."), information_type=kind)
        case RecordShareRefused(information_type=kind, code=code):
            msgid = N_("Informatie mocht niet worden klaargezet: {information_type}. Reden: {code}.")
            return _say(msgid, information_type=kind, code=code)
        case InformationPreviewed(types=types, purpose=purpose):
            msgid = N_("Bekeken wat nu gedeeld mag worden: {types}. Doel: {purpose}.")
            return _say(msgid, types=_list(types), purpose=purpose)
        case InformationReleased(types=types, purpose=purpose):
            msgid = N_("Informatie gegeven: {types}. Doel: {purpose}.")
            return _say(msgid, types=_list(types), purpose=purpose)
        case ReleaseRefused(refused=refused, purpose=purpose):
            msgid = N_("Informatie geweigerd: {refused}. Doel: {purpose}.")
            reasons = [f"{one.information_type} ({one.code})" for one in refused]
            return _say(msgid, refused=_list(reasons), purpose=purpose)
        case ReleaseFailed(code=code):
            return _say(N_("Het versturen van de informatie is mislukt. Reden: {code}."), code=code)
        case _:
            assert_never(event)


def _session(event: SessionEvent) -> Sentence:
    match event:
        case LoginSucceeded(provider=provider):
            return _say(N_("Ingelogd via {provider}."), provider=provider)
        case LoginRefused(provider=provider, code=code):
            return _say(N_("Inloggen via {provider} geweigerd. Reden: {code}."), provider=provider, code=code)
        case Logout():
            return _say(N_("Uitgelogd."))
        case SessionEnded(code=code):
            return _say(N_("Sessie beëindigd. Reden: {code}."), code=code)
        case HandoverStarted():
            return _say(N_("Tablet aan de ouder gegeven."))
        case HandoverEnded():
            return _say(N_("Tablet terug bij de begeleider."))
        case PageAccessGiven(factor=factor):
            return _say(N_("Code voor de eigen pagina gegeven, met {factor}."), factor=factor)
        case PageAccessRevoked(reason=reason):
            return _say(N_("Code voor de eigen pagina ingetrokken. Reden: {reason}."), reason=reason)
        case PageOpened():
            return _say(N_("Op de eigen pagina ingelogd."))
        case PageRefused(code=code):
            return _say(N_("Inloggen op de eigen pagina geweigerd. Reden: {code}."), code=code)
        case _:
            assert_never(event)


def _log(event: LogEvent) -> Sentence:
    match event:
        case LogViewed(results=results):
            return _say(N_("Logboek bekeken; getoonde regels: {count}."), count=results)
        case LogVerified(size=size, problems=problems):
            msgid = N_("Logboek gecontroleerd: {count} regels, {problems} problemen.")
            return _say(msgid, count=size, problems=problems)
        case KeyCreated(kind=kind):
            return _say(N_("Sleutel gemaakt voor {kind}."), kind=kind)
        case KeyDestroyed(kind=kind):
            return _say(N_("Sleutel vernietigd van {kind}."), kind=kind)
        case BundleActivated():
            return _say(N_("Nieuwe versie van de regels in gebruik genomen."))
        case StopReplayed(kind=kind):
            msgid = N_("Eerder gemelde stop alsnog verwerkt: {kind}.")
            return _say(msgid, kind=kind)
        case _:
            assert_never(event)


def _keys(event: KeyEvent) -> Sentence:
    match event:
        case KeyDestroyedOnOrder(kind=kind, coordinator=coordinator):
            msgid = N_("Sleutel vernietigd van {kind}, in opdracht van {coordinator}.")
            return _say(msgid, kind=kind, coordinator=coordinator)
        case KeyPathDestroyed(kind=kind, backups_until=until):
            msgid = N_("Ook de sleutels boven de sleutel van {kind} zijn vernietigd; kopieën tot {day}.")
            return _say(msgid, kind=kind, day=str(until))
        case KeyBackupsExpired(kind=kind):
            return _say(N_("De laatste kopie van de sleutel van {kind} is weg."), kind=kind)
        case KeyEpochBegun(epoch=epoch):
            return _say(N_("Begonnen met het vervangen van sleutels, ronde {epoch}."), epoch=epoch)
        case KeyEpochEnded(epoch=epoch, attempt="opened"):
            msgid = N_(
                "Vervangen van sleutels, ronde {epoch}, is niet klaar: de oude hoofdsleutel opent nog."
            )
            return _say(msgid, epoch=epoch)
        case KeyEpochEnded(epoch=epoch, keys=keys):
            msgid = N_("Sleutels vervangen, ronde {epoch}: {count}; de oude hoofdsleutel is vernietigd.")
            return _say(msgid, epoch=epoch, count=keys)
        case KeysBackedUp(keys=keys):
            return _say(N_("Kopie gemaakt van {count} sleutels."), count=keys)
        case KeysRestored(keys=keys, dropped=dropped, revived=revived) if revived:
            msgid = N_(
                "{count} sleutels teruggezet; {dropped} bleven vernietigd. Boven {revived} vernietigde "
                "sleutels leeft weer een oude sleutel, tot de volgende ronde."
            )
            return _say(msgid, count=keys, dropped=dropped, revived=revived)
        case KeysRestored(keys=keys, dropped=dropped):
            msgid = N_("{count} sleutels teruggezet; {dropped} bleven vernietigd.")
            return _say(msgid, count=keys, dropped=dropped)
        case RecoveryKeyMade(shares=shares, threshold=threshold):
            msgid = N_("Herstelsleutel gemaakt, in {count} delen; {needed} zijn nodig.")
            return _say(msgid, count=shares, needed=threshold)
        case RecoveryDrilled(opened=opened, failed=failed):
            msgid = N_("Herstel geoefend: {count} dingen gingen open, {failed} niet.")
            return _say(msgid, count=opened, failed=failed)
        case KeyRootReturned(generation=number):
            msgid = N_(
                "Hoofdsleutel {number} was vernietigd en was er bij het starten weer: er is een oude kopie "
                "van de hoofdsleutels teruggezet. Hij wordt opnieuw vernietigd."
            )
            return _say(msgid, number=number)
        case RecordsReencrypted(records=records):
            return _say(N_("{count} gegevens opnieuw versleuteld onder een nieuwe sleutel."), count=records)
        case IndexKeyRotated(persons=persons):
            return _say(N_("Zoeksleutel vervangen voor {count} kinderen."), count=persons)
        case _:
            assert_never(event)


def _say(msgid: str, **params: str | int) -> Sentence:
    """An empty code reads as a dash, so that no sentence ends in nothing."""
    return Sentence(msgid, {name: str(value) or "-" for name, value in params.items()})


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)
