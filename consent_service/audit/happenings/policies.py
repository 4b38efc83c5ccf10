"""Events of the rules: proposed, refused, replayed, approved, withdrawn, in force."""

from __future__ import annotations

from typing import Literal

from consent_service.audit.happenings.happening import Code, Happening

ProposalOrigin = Literal["software", "folder", "upload", "edit", "earlier"]
"""Where a proposal came from: this release of the software, a folder the operator named, a file that was
uploaded, one changed file, or rules that were in force before."""


class PolicyRefused(Happening, frozen=True, tag="policy.refused.v1"):
    """What was proposed did not pass its checks and was not kept; `codes` of what was wrong."""

    origin: ProposalOrigin
    codes: tuple[Code, ...]


class PolicyProposed(Happening, frozen=True, tag="policy.proposed.v1"):
    """`bundle` is proposed instead of `replaces`, which was in force at that moment."""

    proposal: Code
    bundle: Code
    replaces: Code
    origin: ProposalOrigin


class PolicyReplayed(Happening, frozen=True, tag="policy.replayed.v1"):
    """How many past decisions were judged again by `bundle`, and how many come out otherwise.

    `unreadable`: their facts are gone, because the key of whom they were about was destroyed.
    """

    bundle: Code
    replayed: int
    to_allow: int = 0
    to_deny: int = 0
    otherwise: int = 0
    unreadable: int = 0
    proposal: Code = ""


class PolicyApproved(Happening, frozen=True, tag="policy.approved.v1"):
    """`items` are what would be released and was not; each was approved by itself."""

    proposal: Code
    bundle: Code
    items: tuple[Code, ...] = ()


class PolicyWithdrawn(Happening, frozen=True, tag="policy.withdrawn.v1"):
    """The proposal is off; nothing changed."""

    proposal: Code
    bundle: Code


class BundleActivated(Happening, frozen=True, tag="bundle.activated.v1"):
    """`approvers`: the officers who stood behind it; nobody at a tenant's first start."""

    bundle: Code
    approvers: tuple[Code, ...] = ()


PolicyEvent = (
    PolicyRefused | PolicyProposed | PolicyReplayed | PolicyApproved | PolicyWithdrawn | BundleActivated
)
