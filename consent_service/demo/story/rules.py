"""Another rule, two officers: one proposes it, the other reads what it would change and switches it on."""

from __future__ import annotations

from typing import Final

from consent_service.demo.story.forms import Form
from consent_service.demo.story.outcome import Outcome, told
from consent_service.demo.story.stage import Stage, must_say
from consent_service.demo.story.visitor import Visitor
from consent_service.foundation.i18n import N_

RULES: Final = "Spelregels"
_RULE: Final = """
// Verzonnen voor het verhaal: de opvang vraagt het nog eens na als een ouder er alleen voor staat.
@id("consent.lone_holder")
@legal_basis("AVG 5(1)(c)")
@reason("holders_missing")
forbid (principal, action == Action::"release", resource)
when { context.basis == Basis::"consent" }
when { resource.type == InformationType::"support_advice" && resource.holders == 1 };
"""
_CASE: Final = """
[[cases]]
name = "one holder is asked again"
base = "school_reads"
type = "support_advice"
change = { holders = 1 }
expect = "holders_missing"
by = ["consent.lone_holder"]
"""
_ADDED: Final = {"consent/stops.cedar": _RULE, "tests/ordinary.toml": _CASE}


async def coordinator_proposes(stage: Stage) -> Outcome:
    """A rule and its case change together; they are checked before anybody has to look at them."""
    rule, cases = _ADDED
    await stage.officer.follow(RULES)
    await stage.officer.follow("Kies een bestand")
    await stage.officer.press("Openen", {"file": rule})
    page = await stage.officer.press("Zet dit bestand erbij", {"file": cases})
    form, button = page.form_with("Controleer en stel voor")
    page = await stage.officer.press(button.words, _with_more(form))
    must_say(page, "consent.lone_holder", "Een andere privacycoördinator")
    return told(N_("Puk Privacy stelt een regel voor. De controle is goed; gelden doet hij nog niet."))


async def second_coordinator_switches(stage: Stage) -> Outcome:
    """Somebody else approves, on a screen of their own, and puts it into force."""
    async with Visitor(stage.settings.public_origin) as second:
        await second.log_in_as("Ties Tweede")
        await second.follow(RULES)
        await second.follow("Bekijk wat het verandert")
        await second.press("Keur goed")
        page = await second.press("Voer deze regels in")
    must_say(page, "Deze regels gelden vanaf nu.")
    return told(N_("Ties Tweede ziet wat er verandert, keurt het goed en voert het in. Niets stond stil."))


def _with_more(form: Form) -> dict[str, str]:
    """Each file as it stands on the page, with what is added to it."""
    numbers = [name.removeprefix("file-") for name in form.controls if name.startswith("file-")]
    return {
        f"text-{number}": form.controls[f"text-{number}"].chosen[0]
        + _ADDED[form.controls[f"file-{number}"].chosen[0]]
        for number in numbers
    }
