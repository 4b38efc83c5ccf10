"""Every command: what it needs, and what it asks of the permission table (`identity.permissions`)."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from consent_service.cli.terminal import Admission
from consent_service.identity.permissions import Action

Need = Literal["nothing", "keys", "coordinator", "custodians"]
"""Nothing: works with files, or with the shape of the database. The keys: whoever has the passphrase, the
PIN of the token or the token of the transit server. Also the id of a privacy coordinator who decided it. Or
a key backup, with the keys or with three custodians."""


class Command(NamedTuple):
    """One row. `typed`: what must be typed besides the options that are required. `admission`: who may type
    it once there are operators: one of them who proved it, anybody with what it needs, or anybody in need."""

    needs: Need
    actions: tuple[Action, ...] = ()
    typed: tuple[str, ...] = ()
    admission: Admission = "operator"


TABLE: Final[dict[str, Command]] = {
    "accountability annex": Command("coordinator", (Action.VIEW_ACCOUNTABILITY,)),
    "accountability dpia": Command("coordinator", (Action.VIEW_ACCOUNTABILITY,)),
    "accountability register": Command("coordinator", (Action.VIEW_ACCOUNTABILITY,)),
    "accountability report": Command("coordinator", (Action.VIEW_ACCOUNTABILITY,)),
    "agreement end": Command("keys", (Action.END_AGREEMENT,)),
    "agreement sign": Command("keys", (Action.REGISTER_AGREEMENT,)),
    "audit accept-heads": Command("keys", (Action.REOPEN_LOG,)),
    "audit bundle": Command("coordinator", (Action.EXPORT_LOG,)),
    "audit check-proof": Command("nothing", admission="anybody"),
    "audit consistency": Command("keys"),
    "audit dismiss-witness": Command("keys", (Action.REOPEN_LOG,)),
    "audit export ldv": Command("coordinator", (Action.EXPORT_LOG,)),
    "audit export nen7513": Command("coordinator", (Action.EXPORT_LOG,)),
    "audit find": Command("coordinator", (Action.EXPORT_LOG,)),
    "audit heads": Command("keys", admission="anybody"),
    "audit key": Command("keys", admission="anybody"),
    "audit learn-head": Command("keys", (Action.REOPEN_LOG,)),
    "audit prove": Command("keys"),
    "audit prune": Command("coordinator", (Action.PRUNE_LOG,)),
    "audit reopen": Command("keys", (Action.REOPEN_LOG,)),
    "audit rotate-key": Command("keys", (Action.ROTATE_LOG_KEY,)),
    "audit verify": Command("keys"),
    "check": Command("nothing", admission="anybody"),
    "client add": Command("keys", (Action.MANAGE_CLIENTS,)),
    "client end": Command("keys", (Action.MANAGE_CLIENTS,)),
    "client list": Command("keys", (Action.MANAGE_CLIENTS,)),
    "client rotate": Command("keys", (Action.MANAGE_CLIENTS,), ("--drop", "x")),
    "notices address": Command("keys", (Action.ENTER_ADDRESS,)),
    "notices bounce": Command("keys", admission="anybody"),
    "notices status": Command("keys"),
    "db status": Command("nothing", admission="anybody"),
    "db upgrade": Command("nothing", admission="anybody"),
    "demo": Command("nothing", admission="anybody"),
    "erasures approve": Command("coordinator", (Action.APPROVE_ERASURE,)),
    "erasures ask": Command("coordinator", (Action.ASK_ERASURE,), ("--family", "x")),
    "erasures drop": Command("coordinator", (Action.APPROVE_ERASURE,)),
    "erasures execute": Command("keys", (Action.EXECUTE_ERASURE,)),
    "erasures list": Command("keys", (Action.VIEW_ERASURE,)),
    "keys backup": Command("keys", (Action.BACK_UP_KEYS,)),
    "keys ceremony": Command("keys", (Action.RECOVER_KEYS,)),
    "keys check": Command("keys", admission="anybody"),
    "keys destroy": Command(
        "coordinator", (Action.DESTROY_KEY, Action.REPLACE_KEYS), ("--relationship", "x")
    ),
    "keys drill": Command("custodians", (Action.RECOVER_KEYS,)),
    "keys init": Command("nothing", admission="anybody"),
    "keys reencrypt": Command("keys", (Action.REENCRYPT_RECORDS,), ("--all",)),
    "factor enrol-code": Command("keys", (Action.ENROL_FACTOR,)),
    "keys reindex": Command("keys", (Action.REINDEX_NAMES,)),
    "keys restore": Command("custodians", (Action.RECOVER_KEYS,), admission="emergency"),
    "keys rewrap": Command("keys", (Action.REPLACE_KEYS,)),
    "keys status": Command("keys", admission="anybody"),
    "officer first": Command("keys", (Action.REGISTER_STAFF, Action.ENROL_FACTOR)),
    "operator add": Command("keys", (Action.MANAGE_OPERATORS,)),
    "operator end": Command("keys", (Action.MANAGE_OPERATORS,)),
    "operator list": Command("keys"),
    "operator login": Command("keys", (), ("--no-wait",), admission="anybody"),
    "operator logout": Command("keys", admission="anybody"),
    "policies activate": Command("keys", (Action.ACTIVATE_POLICIES,)),
    "policies check": Command("nothing", (), ("--quick",), admission="anybody"),
    "policies lock": Command("nothing", admission="anybody"),
    "policies proposals": Command("keys", (Action.VIEW_POLICIES,)),
    "policies propose": Command("keys", (Action.PROPOSE_POLICIES,)),
    "policies rerun": Command("keys", (), ("--all",)),
    "policies texts list": Command("nothing", admission="anybody"),
    "policies texts review": Command("nothing", admission="anybody"),
    "policies versions": Command("keys", (Action.VIEW_POLICIES,)),
    "provider add": Command("keys", (Action.REGISTER_PROVIDER,)),
    "provider change": Command("keys", (Action.REGISTER_PROVIDER,)),
    "provider close": Command("keys", (Action.REGISTER_PROVIDER,)),
    "provider list": Command("keys"),
    "provider open": Command("keys", (Action.REGISTER_PROVIDER,)),
    "provider rotate-key": Command("keys", (Action.REGISTER_PROVIDER,)),
    "school add": Command("keys", (Action.REGISTER_SCHOOL,)),
    "school list": Command("keys"),
    "school succession": Command("keys", (Action.RECORD_SUCCESSION,)),
    "serve": Command("keys", admission="anybody"),
    "staff add": Command("keys", (Action.REGISTER_STAFF,)),
    "staff end": Command("keys", (Action.END_STAFF,)),
    "staff invitations": Command("keys"),
    "staff invite": Command("keys", (Action.INVITE_STAFF,)),
    "staff link": Command("keys", (Action.LINK_STAFF,)),
    "staff list": Command("keys"),
    "staff revoke-invitation": Command("keys", (Action.INVITE_STAFF,)),
    "staff team": Command("keys", (Action.REGISTER_STAFF,)),
    "tenant add": Command("keys", (Action.REGISTER_TENANT,)),
    "tenant list": Command("keys"),
}
WITHOUT_A_COMMAND: Final = frozenset({Action.ASSIGN_COUNSELLOR})
"""An operator may, through the services; a counsellor does it on a page."""
