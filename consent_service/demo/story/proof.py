"""Last part of the story: the log shows what happened, holds, and gives a forger away."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

import msgspec

from consent_service.demo.story.outcome import Outcome, expect, told
from consent_service.demo.story.stage import CANARY, CHILD, PARENT, Stage, must_not_say, must_say
from consent_service.demo.story.tampering import Forgery, copy_database, forge_one_leaf
from consent_service.foundation.i18n import N_
from consent_service.foundation.settings import PREFIX, Settings

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")

IN_PLAIN_WORDS: Final = (
    "Veiligheid beoordeeld: Gevaar.",
    "Tablet aan de ouder gegeven.",
    "Nee gezegd tegen delen van Wie belt wie.",
    "Informatie mocht niet worden klaargezet: Wie belt wie.",
    "Informatie gegeven: Hulp voor uw gezin, Wat helpt uw kind. Doel: Steun in de klas.",
    "Informatie gegeven: Niet op school. Doel: Wel of niet op school.",
    "Toestemming voor Wat helpt uw kind ingetrokken.",
    "Informatie geweigerd: Hulp voor uw gezin, Wat helpt uw kind,",
)
"""What the privacy coordinator reads of the story, in the order in which it happened."""
_EARLIER: Final = "Eerder"


class Checked(msgspec.Struct, frozen=True):
    """How `audit verify` ended and what it said."""

    code: int
    said: str


async def officer_sees_the_trail(stage: Stage) -> Outcome:
    """Newest first, page after page: what happened first stands on the last."""
    await stage.officer.log_in_as("Puk Privacy")
    page = await stage.officer.follow("Logboek")
    missing = list(IN_PLAIN_WORDS)
    while True:
        must_not_say(page, CANARY, CHILD, PARENT)
        missing = [sentence for sentence in missing if sentence not in page.words]
        if not missing or all(_EARLIER not in label for _, label in page.links):
            break
        page = await stage.officer.follow(_EARLIER)
    must_say(page, *missing)
    return told(N_("Puk Privacy leest in gewone woorden wat er gebeurde, zonder inhoud en zonder namen."))


async def officer_verifies(stage: Stage) -> Outcome:
    page = await stage.officer.press("Nu controleren")
    must_say(page, "Het logboek klopt.")
    return told(N_("Nu controleren: het logboek klopt."))


async def verify_says_ok(stage: Stage) -> Outcome:
    checked = await audit_verify(stage.settings)
    went = f"exit {checked.code}: {checked.said}"
    expect(checked.code == 0 and "OK" in checked.said, "exit 0, OK", went)
    return told(N_("audit verify: OK, exit 0."))


async def forger_changes_a_copy(stage: Stage) -> Outcome:
    """The copy is a database of its own: the real one is never touched."""
    copied = await copy_database(stage.settings)
    forgery = await forge_one_leaf(copied)
    stage.notes["copy"] = copied
    stage.notes["forged"] = msgspec.json.encode(forgery).decode()
    return told(
        N_("In een kopie is eerst de trigger {trigger} weggehaald, toen regel {seq} veranderd."),
        trigger=", ".join(forgery.dropped),
        seq=forgery.seq + 1,
    )


async def verify_names_the_entry(stage: Stage) -> Outcome:
    forgery = msgspec.json.decode(stage.notes["forged"], type=Forgery)
    checked = await audit_verify(stage.settings, copy=stage.notes["copy"])
    named = f" {forgery.seq + 1} ({forgery.entry})"
    expect(
        checked.code == 1 and named in checked.said, f"exit 1,{named}", f"exit {checked.code}: {checked.said}"
    )
    return told(N_("audit verify noemt precies die regel ({entry}), exit 1."), entry=forgery.entry)


async def audit_verify(settings: Settings, *, copy: str = "") -> Checked:
    """The command as an operator gives it, in a process of its own."""
    arguments = [sys.executable, "-m", "consent_service", "audit", "verify"]
    if copy:
        option = "--database" if "://" in copy else "--copy"
        arguments += [option, copy]
    process = await asyncio.create_subprocess_exec(
        *arguments,
        env=_environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return Checked(process.returncode or 0, said.decode())


def _environment(settings: Settings) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    wanted = {
        "state_dir": settings.state_dir,
        "database_url": settings.database_url,
        "keystore": settings.keystore,
        "passphrase_file": settings.passphrase_file,
        "policies_dir": settings.policies_dir,
    }
    return kept | {f"{PREFIX}{name.upper()}": str(value) for name, value in wanted.items()}
