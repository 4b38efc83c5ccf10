"""The counsellor's pages: own families, one family, its schools, what is shared, the tablet."""

from __future__ import annotations

from consent_service.web.cases import shelter_routes as case_routes
from consent_service.web.emergencies import routes as emergency_routes
from consent_service.web.emergencies import second_routes
from consent_service.web.ending import routes as ending_routes
from consent_service.web.shelter import (
    answers_routes,
    changing_routes,
    contact_routes,
    family_routes,
    hand_over_routes,
    home_routes,
    invitation_routes,
    person_routes,
    safety_routes,
    school_routes,
    sharing_routes,
)
from consent_service.web.signals import shelter_routes as signal_routes
from consent_service.web.start import shelter_routes as start_routes

ROUTES = [
    *home_routes.ROUTES,
    *family_routes.ROUTES,
    *person_routes.ROUTES,
    *safety_routes.ROUTES,
    *changing_routes.ROUTES,
    *school_routes.ROUTES,
    *contact_routes.ROUTES,
    *invitation_routes.ROUTES,
    *sharing_routes.ROUTES,
    *hand_over_routes.ROUTES,
    *answers_routes.ROUTES,
    *ending_routes.ROUTES,
    *start_routes.ROUTES,
    *signal_routes.ROUTES,
    *emergency_routes.ROUTES,
    *second_routes.ROUTES,
    *case_routes.ROUTES,
]
