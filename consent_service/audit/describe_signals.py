"""Sentences for the events of starts, calls and care signals. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, joined, say
from consent_service.audit.happenings.signals import (
    CallMade,
    FirstContactConfirmed,
    FirstContactRead,
    FirstContactRefused,
    FirstContactSent,
    FirstDayTicked,
    RouteSet,
    SchoolPlaced,
    SignalCalled,
    SignalEvent,
    SignalGone,
    SignalNoticed,
    SignalRead,
    SignalSent,
    SignalUnread,
    StartEvent,
    ToldByParent,
)
from consent_service.foundation.i18n import N_


def describe_signals(event: SignalEvent) -> Sentence:
    """What happened at the start, by phone or with a signal, in one sentence."""
    if isinstance(event, StartEvent):
        return _of_start(event)
    match event:
        case CallMade(spoken_to=whom, types=types):
            return say(N_("De school gebeld ({whom}) over: {types}."), whom=whom, types=joined(types))
        case ToldByParent(types=types):
            msgid = N_("De ouder vertelt het zelf: {types}. Er is niets verstuurd.")
            return say(msgid, types=joined(types))
        case SignalSent(route=route):
            return say(N_("Zorgsignaal verstuurd, langs {route}."), route=route)
        case SignalNoticed():
            return say(N_("Iemand op school kreeg bericht dat er een zorgsignaal is."))
        case SignalRead():
            return say(N_("Zorgsignaal gelezen op school."))
        case SignalUnread():
            return say(N_("Zorgsignaal om acht uur nog niet gelezen. Bel de school."))
        case SignalCalled(spoken_to=whom):
            return say(N_("Zorgsignaal per telefoon doorgegeven aan: {whom}."), whom=whom)
        case SignalGone():
            return say(N_("Zorgsignaal weggehaald na vijf schooldagen."))
        case SchoolPlaced(region=region):
            return say(N_("Vakantieregio van een school: {region}."), region=region)
        case RouteSet(region=region, route=route):
            msgid = N_("Zorgsignalen in regio {region} gaan langs {route}.")
            return say(msgid, region=region, route=route)
        case _:
            assert_never(event)


def _of_start(event: StartEvent) -> Sentence:
    match event:
        case FirstContactSent():
            return say(
                N_("Eerste contact met de school verstuurd, na controle van code, straat en telefoon.")
            )
        case FirstContactRefused(information_type=kind):
            return say(N_("Eerste contact geweigerd. De ouder zei geen ja tegen: {type}."), type=kind)
        case FirstContactConfirmed():
            return say(N_("De school bevestigde dat het een leerling is."))
        case FirstContactRead():
            return say(N_("De school las wie er helpt en wie zij kan bellen."))
        case FirstDayTicked(item=item, done=True):
            return say(N_("Eerste dag veilig: {item} gedaan."), item=item)
        case FirstDayTicked(item=item):
            return say(N_("Eerste dag veilig: {item} toch niet gedaan."), item=item)
        case _:
            assert_never(event)
