"""Example views of where messages for somebody else go, with invented people only."""

from __future__ import annotations

from msgspec.structs import replace

from consent_service.web.address_views import AddressPage
from consent_service.web.officer.address_views import AddressesPage, AddressGroup, AddressLine
from consent_service.web.pages import View
from tests.web.family_examples import wrong


def address_examples(language: str) -> dict[str, View]:
    """Each page with every state, and after a mistake."""
    page = AddressPage("/adressen/s1", "/adressen", "Marieke van den Broek", "none")
    problems = wrong(language, {"work_address": "page.mail_form", "only_theirs": "notices.only_theirs"})
    groups = (
        AddressGroup(
            "",
            (AddressLine("Bo Begeleider", "works", "/b"), AddressLine("Cis Coordinator", "none", "/c")),
        ),
        AddressGroup("Basisschool De Linde", (AddressLine("Marieke van den Broek", "bounced", "/m"),)),
    )
    return {
        "officer-addresses": AddressesPage(groups, bounced=1),
        "officer-addresses-none": AddressesPage((), bounced=0),
        "officer-address": page,
        "officer-address-bounced": replace(page, state="bounced"),
        "shelter-address": replace(page, state="works"),
        "shelter-address-wrong": replace(page, form=problems),
    }
