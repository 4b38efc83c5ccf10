"""What the coordinator sends about a restriction, as typed values."""

from __future__ import annotations

from typing import cast, get_args

from consent_service.families.restrictions import RestrictionGround
from consent_service.foundation.ids import PersonId, RelationshipId, TypeKey
from consent_service.rights.carrying.restricting import ToRestrict
from consent_service.web.forms import FormReader


def read_restriction(form: FormReader) -> ToRestrict:
    """A child, alone or at one school (`child` or `child:relationship`), a type or all, and the ground.

    Whether there is such a child, school or type is the service's to say.
    """
    child, _, relationship = form.choice("place", form.posted.several("place") or ("",)).partition(":")
    if not child and not form.problems:
        form.refuse("place", "form.choose")
    kind = form.text("type", required=False)
    ground = form.choice("ground", get_args(RestrictionGround))
    return ToRestrict(
        PersonId(child),
        cast(RestrictionGround, ground),
        RelationshipId(relationship) if relationship else None,
        TypeKey(kind) if kind else None,
    )
