"""Sentences for the events of keys and of their copies. See `describe`; of a person's key: `describe_log`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import (
    IndexKeyRotated,
    KeyBackupsExpired,
    KeyDestroyedOnOrder,
    KeyEpochBegun,
    KeyEpochEnded,
    KeyEvent,
    KeyPathDestroyed,
    KeyRootReturned,
    KeysBackedUp,
    KeysRestored,
    RecordsReencrypted,
    RecoveryDrilled,
    RecoveryKeyMade,
)
from consent_service.foundation.i18n import N_, NN_

_OfCopies = KeysBackedUp | KeyBackupsExpired | KeysRestored | RecoveryKeyMade | RecoveryDrilled


def describe_keys(event: KeyEvent) -> Sentence:
    """What was done with keys, in one sentence."""
    if isinstance(event, _OfCopies):
        return _of_copies(event)
    match event:
        case KeyDestroyedOnOrder(kind=kind, coordinator=coordinator):
            msgid = N_("Sleutel vernietigd van {kind}, in opdracht van {coordinator}.")
            return say(msgid, kind=kind, coordinator=coordinator)
        case KeyPathDestroyed(kind=kind, backups_until=until):
            msgid = N_("Ook de sleutels boven de sleutel van {kind} zijn vernietigd; kopieën tot {day}.")
            return say(msgid, kind=kind, day=str(until))
        case KeyEpochBegun(epoch=epoch):
            return say(N_("Begonnen met het vervangen van sleutels, ronde {epoch}."), epoch=epoch)
        case KeyEpochEnded(epoch=epoch, attempt="opened"):
            msgid = N_(
                "Vervangen van sleutels, ronde {epoch}, is niet klaar: de oude hoofdsleutel opent nog."
            )
            return say(msgid, epoch=epoch)
        case KeyEpochEnded(epoch=epoch, keys=keys):
            msgid = N_("Sleutels vervangen, ronde {epoch}: {count}; de oude hoofdsleutel is vernietigd.")
            return say(msgid, epoch=epoch, count=keys)
        case KeyRootReturned(generation=number):
            msgid = N_(
                "Hoofdsleutel {number} was vernietigd en was er bij het starten weer: er is een oude kopie "
                "van de hoofdsleutels teruggezet. Hij wordt opnieuw vernietigd."
            )
            return say(msgid, number=number)
        case RecordsReencrypted(records=records):
            return say(N_("Opnieuw versleuteld onder een nieuwe sleutel: {count}."), count=records)
        case IndexKeyRotated(persons=persons):
            told = NN_(
                "Zoeksleutel vervangen voor {count} kind.", "Zoeksleutel vervangen voor {count} kinderen."
            )
            return say(told, count=persons)
        case _:
            assert_never(event)


def _of_copies(event: _OfCopies) -> Sentence:
    match event:
        case KeyBackupsExpired(kind=kind):
            return say(N_("De laatste kopie van de sleutel van {kind} is weg."), kind=kind)
        case KeysBackedUp(keys=keys):
            return say(
                NN_("Kopie gemaakt van {count} sleutel.", "Kopie gemaakt van {count} sleutels."), count=keys
            )
        case KeysRestored(keys=keys, dropped=dropped, revived=revived) if revived:
            alive = NN_(
                "Teruggezette sleutels: {count}; vernietigd gebleven: {dropped}. Boven {revived} vernietigde "
                "sleutel leeft weer een oude sleutel, tot de volgende ronde.",
                "Teruggezette sleutels: {count}; vernietigd gebleven: {dropped}. Boven {revived} vernietigde "
                "sleutels leeft weer een oude sleutel, tot de volgende ronde.",
                by="revived",
            )
            return say(alive, count=keys, dropped=dropped, revived=revived)
        case KeysRestored(keys=keys, dropped=dropped):
            msgid = N_("Teruggezette sleutels: {count}; vernietigd gebleven: {dropped}.")
            return say(msgid, count=keys, dropped=dropped)
        case RecoveryKeyMade(shares=shares, threshold=threshold):
            msgid = N_("Herstelsleutel gemaakt, in {count} delen; {needed} zijn nodig.")
            return say(msgid, count=shares, needed=threshold)
        case RecoveryDrilled(opened=opened, failed=failed):
            msgid = N_("Herstel geoefend. Ging open: {count}; ging niet open: {failed}.")
            return say(msgid, count=opened, failed=failed)
        case _:
            assert_never(event)
