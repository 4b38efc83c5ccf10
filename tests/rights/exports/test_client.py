"""What a person may read of it: in order, in words, without names and without ids."""

from __future__ import annotations

from datetime import timedelta

from consent_service.audit.events import By, KeyDestroyedOnOrder, LogExported, LoginSucceeded
from consent_service.audit.log import TrailEntry
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import TenantId
from consent_service.information.texts import load_texts
from consent_service.rights.exports.client import Sheet, client_lines
from consent_service.rights.exports.model import Order
from consent_service.web.officer.wording import LogWords
from tests.rights.exports.factories import AT, CHILD, STAFF, Words, an_entry, gone
from tests.rights.exports.test_access import RELEASED
from tests.shelter import POLICIES

ORDER = Order(TenantId("t1"), person=CHILD)


def lines_of(*entries: TrailEntry, order: Order = ORDER) -> list[str]:
    sheet = Sheet(order, AT + timedelta(days=30), "Hulporganisatie", {STAFF: "De Linde"})
    return list(client_lines(entries, sheet, Words(), translator("nl")))


def test_entries_stand_under_their_day_with_the_time_in_the_netherlands_and_who_by_capacity() -> None:
    found = lines_of(
        an_entry(LoginSucceeded("entree"), by=By("counsellor", "c1")),
        an_entry(RELEASED, by=By("school_staff", STAFF), at=AT + timedelta(hours=1)),
        an_entry(LoginSucceeded("entree"), by=By("child", CHILD), at=AT + timedelta(hours=15)),
        gone(an_entry(RELEASED, at=AT + timedelta(hours=16))),
    )
    assert found == [
        "Wat er met uw gegevens gebeurde",
        "",
        "Van: Hulporganisatie",
        "Gemaakt op: 1 oktober 2026 10:00",
        "Vanaf het begin",
        "Wat alleen de privacycoördinator mag zien, staat hier niet bij.",
        "",
        "1 september 2026",
        "10:00  capacity counsellor: sentence of login.succeeded.v1",
        "11:00  capacity school_staff (De Linde): sentence of information.released.v1",
        "",
        "2 september 2026",
        "01:00  Uzelf: sentence of login.succeeded.v1",
        "02:00  Niet meer bekend: De inhoud is gewist.",
    ]


def test_a_time_without_entries_is_told_and_so_is_which_time_it_is() -> None:
    assert lines_of()[-2:] == ["", "In deze tijd is er niets opgeschreven."]
    since, until = AT - timedelta(days=9), AT
    periods = [
        lines_of(order=Order(ORDER.tenant, since=since, until=until, person=CHILD))[4],
        lines_of(order=Order(ORDER.tenant, since=since, person=CHILD))[4],
        lines_of(order=Order(ORDER.tenant, until=until, person=CHILD))[4],
    ]
    assert periods == [
        "Van 23 augustus 2026 tot 1 september 2026 10:00",
        "Vanaf 23 augustus 2026",
        "Tot 1 september 2026 10:00",
    ]


def test_the_sentences_are_those_of_the_log_in_plain_words_and_no_id_is_whole() -> None:
    words = LogWords(load_texts(POLICIES).of("nl"))
    order = KeyDestroyedOnOrder(kind="person", owner=CHILD, coordinator=STAFF)
    entries = [an_entry(RELEASED, by=By("school_staff", STAFF)), an_entry(order)]
    sheet = Sheet(ORDER, AT, "Hulporganisatie", {})
    text = "\n".join(client_lines(entries, sheet, words, translator("nl")))
    assert "10:00  Medewerker van de school: Informatie gegeven: " in text
    assert "support_advice" not in text
    assert "Sleutel vernietigd van persoon, in opdracht van 000000f1." in text
    assert STAFF not in text
    assert CHILD not in text


def test_a_bundle_is_said_to_be_for_whom_it_is() -> None:
    words = LogWords(load_texts(POLICIES).of("nl"))
    recipients = {
        "": "pakket met het hele logboek",
        "oneself": "pakket voor degene zelf",
        "person": "pakket waarin de regels van één persoon open staan",
        "court": "pakket voor rechter of toezichthouder",
    }
    for recipient, said in recipients.items():
        event = LogExported("bundle", 128, recipient=recipient)  # type: ignore[arg-type]
        assert words.event(event) == f"Uit het logboek meegegeven als {said}: 128 regels."
