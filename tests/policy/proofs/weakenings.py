"""One plausible mistake in the policies for each invariant: what a reviewer might let pass."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple


class Edit(NamedTuple):
    """In this policy of this file, `old` becomes `new`."""

    file: str
    policy: str
    old: str
    new: str


def edit(folder: Path, *edits: Edit) -> Path:
    """The folder with each edit made; an edit that finds nothing to change is a mistake of the test."""
    for one in edits:
        path = folder / one.file
        before, marker, after = path.read_text(encoding="utf-8").partition(f'@id("{one.policy}")')
        assert one.old in after.split("\n@id(")[0], one
        path.write_text(before + marker + after.replace(one.old, one.new, 1), encoding="utf-8")
    return folder


SAFE: Final = 'Safety::"no_known_danger"'

WEAKENINGS: Final[Mapping[str, tuple[Edit, ...]]] = {
    "never.secret_address": (
        Edit("safety/location.cedar", "safety.address", "context.secret_address || ", ""),
    ),
    "never.location": (
        Edit("safety/location.cedar", "safety.location", f"!= {SAFE}", '== Safety::"danger"'),
    ),
    "never.address_in_danger": (
        Edit("safety/location.cedar", "safety.address", f" || context.safety != {SAFE}", ""),
        Edit(
            "safety/location.cedar",
            "safety.location",
            "resource.type.locating",
            "resource.type.locating && !resource.type.secret_address_denies",
        ),
    ),
    "never.without_every_holder": (
        Edit("consent/yes.cedar", "consent.all_holders", "== resource.holders", ">= 1"),
    ),
    "never.criminal_without_yes": (
        Edit("consent/yes.cedar", "consent.criminal", "resource.yes >= 1", "resource.yes >= 0"),
    ),
    "never.without_young_person": (
        Edit(
            "consent/yes.cedar",
            "consent.young_person",
            'resource.child_answer == ChildAnswer::"yes"',
            'resource.child_answer != ChildAnswer::"no"',
        ),
    ),
    "never.without_own_guardian": (
        Edit(
            "consent/yes.cedar",
            "consent.own_guardian",
            "{ resource.own_yes }",
            "{ resource.own_yes || resource.yes >= 1 }",
        ),
    ),
    "never.without_second_approval": (
        Edit("release/reader.cedar", "release.second_approval", ' || resource.level == Level::"A10"', ""),
    ),
    "never.without_holder": (
        Edit(
            "consent/yes.cedar",
            "consent.ordinary",
            "{ resource.yes >= 1 }",
            '{ resource.yes >= 1 || resource.child_answer == ChildAnswer::"yes" }',
        ),
    ),
    "never.emergency_without_yes": (
        Edit(
            "consent/yes.cedar",
            "consent.emergency",
            "{ resource.yes >= 1 }",
            "{ resource.yes >= 1 || resource.own_yes }",
        ),
    ),
    "never.authority_unknown": (
        Edit("consent/stops.cedar", "consent.authority_unknown", 'resource.level == Level::"A10" ||', ""),
    ),
    "never.after_withdrawal": (
        Edit("consent/yes.cedar", "consent.meanwhile", "earlier_yes >= 1", "earlier_yes >= 0"),
    ),
    "never.lapsed": (
        Edit(
            "consent/stops.cedar",
            "consent.expired",
            'resource.lapse == Lapse::"expired"',
            'resource.lapse == Lapse::"expired" && !resource.emergency',
        ),
    ),
    "never.break_glass_alone": (
        Edit(
            "break_glass/vital_interest.cedar", "break_glass.vital_interest", "persons >= 2", "persons >= 1"
        ),
    ),
    "never.off_purpose": (
        Edit(
            "access/reader.cedar",
            "access.purpose",
            "contains(context.purpose)",
            'contains(context.purpose) || context.purpose == Purpose::"safety"',
        ),
    ),
    "never.after_the_end": (
        Edit(
            "access/reader.cedar",
            "access.relationship",
            "context.relationship_active",
            "context.relationship_active || context.break_glass_running",
        ),
    ),
    "never.without_agreement": (
        Edit(
            "access/reader.cedar",
            "access.agreement",
            "context.agreement_valid",
            "context.agreement_valid || principal is ShelterReader",
        ),
    ),
    "never.stranger": (
        Edit(
            "access/reader.cedar",
            "access.assigned",
            "context.assigned",
            "context.assigned || context.active_contact",
        ),
    ),
    "never.other_role": (
        Edit(
            "release/reader.cedar",
            "release.school_role",
            "contains(principal.role)",
            'contains(principal.role) || principal.role == Role::"director"',
        ),
    ),
    "never.against_child": (
        Edit(
            "consent/stops.cedar",
            "consent.child_refused",
            'resource.child_answer == ChildAnswer::"no"',
            'resource.child_answer == ChildAnswer::"no" && resource.voice != Voice::"heard"',
        ),
    ),
    "never.against_objection": (
        Edit("consent/stops.cedar", "consent.objection", "resource.objecting > 0", "resource.objecting > 1"),
    ),
    "never.through_closed_gate": (
        Edit(
            "consent/stops.cedar",
            "consent.gate",
            'resource.gate == Gate::"open"',
            'resource.gate != Gate::"closed"',
        ),
    ),
}
