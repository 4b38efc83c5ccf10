"""Example views of the pages about invitations, with invented people."""

from __future__ import annotations

from datetime import date

from consent_service.web.invitation import views as invitation
from consent_service.web.pages import View
from consent_service.web.shared.views import LoginPage, LoginProvider
from consent_service.web.shelter.contacts_views import ContactLine, ContactsPage
from consent_service.web.shelter.invitation_views import InvitationLine, InvitedPage
from consent_service.web.shelter.views import ContactOption
from tests.web.family_examples import wrong

INVITATIONS = (
    InvitationLine("Karim El Amrani", "teacher", "/uitnodigen", "/weg"),
    InvitationLine("Sanne Bakker", "contact", "/uitnodigen", "/weg", invited_until=date(2026, 9, 15)),
    InvitationLine("Pim Visser", "director", "/uitnodigen", "/weg", declined_on=date(2026, 9, 1)),
)


def invitation_examples(language: str, addable: tuple[ContactOption, ...]) -> dict[str, View]:
    """Making one, and every step of using it."""
    asked = invitation.ConfirmInvitationPage(
        "/ja", "/nee", "x", "Sanne Bakker", "contact", "Hulporganisatie", "Basisschool De Linde"
    )
    return {
        "shelter-contacts-invitations": ContactsPage(
            "/contacten",
            "/",
            "Noor Haile",
            "Basisschool De Linde",
            (ContactLine("Marieke van den Broek", "contact", ("mon", "tue"), "/weg", "/bekend"),),
            addable,
            invitations=INVITATIONS,
            invite_step="x",
        ),
        "shelter-invited": InvitedPage(
            "/contacten",
            "Sanne Bakker",
            "Basisschool De Linde",
            "Hulporganisatie",
            "0800-5550000",
            "https://ruggensteun.example/uitnodiging",
            "7K3M-9QXA-4TWP-R2HD",
            date(2026, 9, 15),
        ),
        "shared-login-unknown": LoginPage(
            (),
            "/x",
            is_unknown=True,
            again=LoginProvider("Entree", "", "/login/b"),
        ),
        "shared-invitation-code": invitation.InvitationCodePage("/uitnodiging"),
        "shared-invitation-code-wrong": invitation.InvitationCodePage(
            "/uitnodiging", form=wrong(language, {"code": "identity.login_invitation"})
        ),
        "shared-invitation-login": invitation.InvitationLoginPage(
            (LoginProvider("Entree Federatie", "Voor medewerkers van scholen", "/login/b"),), "/uitnodiging"
        ),
        "shared-invitation-login-none": invitation.InvitationLoginPage((), "/uitnodiging"),
        "shared-invitation-confirm": asked,
        "shared-invitation-confirm-linked": invitation.ConfirmInvitationPage(
            "/ja", "/nee", "x", "Bo Begeleider", "counsellor", "Hulporganisatie", is_linked=True
        ),
        "shared-invitation-over": invitation.InvitationOverPage(declined=False, code_href="/uitnodiging"),
        "shared-invitation-declined": invitation.InvitationOverPage(declined=True, code_href="/uitnodiging"),
    }
