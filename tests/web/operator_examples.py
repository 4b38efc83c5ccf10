"""Examples of where one logs in: the page of staff, and the operator's."""

from __future__ import annotations

from datetime import UTC, datetime

from consent_service.web.operator import views as operator
from consent_service.web.pages import View
from consent_service.web.shared import views as shared


def operator_examples() -> dict[str, View]:
    """Each page, by the name of its picture."""
    asked_at = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
    login = shared.LoginProvider("Inloggen beheer", "", "/beheer/inloggen/beheer")
    return {
        "shared-login": shared.LoginPage(
            (
                shared.LoginProvider("Opvang Het Baken", "Begeleiders en privacyfunctionaris", "/login/a"),
                shared.LoginProvider("Entree Federatie", "Scholen", "/login/b"),
            ),
            "/stoppen",
        ),
        "shared-operator-login": operator.OperatorLoginPage((login,)),
        "shared-operator-login-nowhere": operator.OperatorLoginPage(()),
        "shared-operator-code": operator.OperatorCodePage("/beheer/code", "/beheer/weg", "proof"),
        "shared-operator-decision": operator.OperatorDecisionPage(
            "/beheer/besluit", "proof", "7K3M9QXA", "werkplek-7", asked_at, 30
        ),
        "shared-operator-approved": operator.OperatorDonePage(approved=True, minutes=30),
        "shared-operator-refused": operator.OperatorDonePage(approved=False, minutes=30),
    }
