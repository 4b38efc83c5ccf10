"""Three invented families, written through the services as counsellors, parents and schools would.

1. a mother with a secret address and a safety flag, and her daughter
2. two parents of one child, of whom one objects
3. a mother with two children at two schools

Names, words and dates are made up; the dates lie around the day on which the demo is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta

import msgspec

from consent_service.app import Services
from consent_service.consent.model import Answer, Receipt, Shown, Signature
from consent_service.consent.questions import text_version
from consent_service.consent.service import Target
from consent_service.demo.shelter import EIK, LINDE, Shelter, last_school_day, review_day
from consent_service.families.model import (
    FamilyView,
    NewFamily,
    NewGuardian,
    PersonIdentity,
    SafetyAssessment,
    SchoolConfirmation,
)
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, IntegrityError
from consent_service.foundation.ids import PersonId, RelationshipId, TypeKey
from consent_service.identity.model import Counsellor, GuardianActor, SchoolStaff
from consent_service.organisations.model import SchoolDetails
from consent_service.process.signals.model import FirstContactRefused
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.release.service import Ask

Answers = Mapping[str, Answer]


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The receipt of one invented parent: whose it is and the code on it."""

    parent: str
    code: str


class Home:
    """What it takes to write an invented family: the services, the shelter, and today."""

    def __init__(self, services: Services, shelter: Shelter) -> None:
        self.services = services
        self.shelter = shelter
        self.counsellor: Counsellor = shelter.counsellor()
        self.today: date = local_date(services.installation.clock.now())

    async def register(self, new: NewFamily, safety: SafetyAssessment) -> FamilyView:
        """A family whose safety was assessed."""
        family = await self.services.families.register_family(self.counsellor, new)
        await self.services.families.assess_safety(self.counsellor, family, safety)
        return await self.services.families.view(self.counsellor, family)

    async def enrol(
        self, child: PersonId, school: SchoolDetails, contacts: Mapping[str, str | None]
    ) -> RelationshipId:
        """The child at a school with its contacts: login -> whose deputy, or nobody's."""
        confirmed = SchoolConfirmation(
            school.establishment_code, school.street, school.phone, despite_other_parent=True
        )
        relationship = await self.services.families.start_relationship(self.counsellor, child, confirmed)
        for login, deputy_for in contacts.items():
            await self.services.families.list_contact(
                self.counsellor,
                relationship,
                self.shelter.at_school(login).staff,
                deputy_for=None if deputy_for is None else self.shelter.at_school(deputy_for).staff,
            )
        return relationship

    async def begin(self, relationship: RelationshipId, school: SchoolDetails, login: str) -> None:
        """The first contact goes to the school, and the contact with this login confirms the pupil.

        Raises:
            IntegrityError: the demo is told no where it may not be.
        """
        starts, contact = self.services.starts, self.shelter.at_school(login)
        confirmed = SchoolConfirmation(school.establishment_code, school.street, school.phone)
        sent = await starts.send_first_contact(self.counsellor, relationship, confirmed)
        if isinstance(sent, FirstContactRefused):
            raise IntegrityError("demo: the first contact was refused")
        await starts.confirm_pupil(contact, relationship)
        await starts.read_who_helps(contact, relationship)

    def guardian(self, view: FamilyView, given_names: str) -> GuardianActor:
        """The guardian of the family with these given names."""
        found = next(one for one in view.guardians if one.identity.given_names == given_names)
        return GuardianActor(self.shelter.tenant, found.guardian, view.family)

    async def ask(self, parent: GuardianActor, answers: Answers, *, name: str) -> Receipt:
        """A whole conversation: the first questions and those named, answered and signed."""
        first = [kind.key for kind in self.services.policies.proposal.catalogue.asked_first()]
        wanted = [TypeKey(key) for key in dict.fromkeys([*first, *answers])]
        sittings = self.services.sittings
        sitting = await sittings.start(
            self.counsellor,
            family=parent.family,
            guardian=parent.guardian,
            language="nl",
            interpreter="none",
            types=wanted,
        )
        for question in sitting.questions:
            key = question.information_type
            shown = self._shown(key)
            await sittings.answer(
                parent, sitting.sitting, question, answer=answers.get(key, "no"), shown=shown
            )
        return await sittings.sign(parent, sitting.sitting, Signature("typed", name))

    def _shown(self, key: TypeKey) -> Shown:
        """No screen was there: the hash is over the text itself."""
        text = self.services.texts.of_type("nl", key)
        return Shown("nl", text_version(text), text.hash, hashlib.sha256(text.hash.encode()).hexdigest())

    async def share(
        self, actor: Counsellor | SchoolStaff, relationship: RelationshipId, key: str, **fields: str
    ) -> Shared:
        """Write something that was allowed.

        Raises:
            IntegrityError: the demo is told no where it may not be.
        """
        outcome = await self._note(actor, relationship, key, fields)
        if isinstance(outcome, ShareRefused):
            raise IntegrityError(f"demo: {key} was refused: {outcome.code}")
        return outcome

    async def signal(self, relationship: RelationshipId) -> None:
        """Ask the school for extra attention; where the holidays of today are not known, nothing is sent.

        Raises:
            IntegrityError: the demo's own family was refused it.
        """
        with suppress(InputError):
            outcome = await self.services.signals.send(self.counsellor, relationship)
            if isinstance(outcome, ShareRefused):
                raise IntegrityError(f"demo: a signal was refused: {outcome.code}")

    async def try_in_vain(
        self, actor: Counsellor | SchoolStaff, relationship: RelationshipId, key: str, **fields: str
    ) -> ShareRefused:
        """Try to write something that was not allowed; the attempt stands in the log.

        Raises:
            IntegrityError: the demo is told yes where it may not be.
        """
        outcome = await self._note(actor, relationship, key, fields)
        if isinstance(outcome, Shared):
            raise IntegrityError(f"demo: {key} was accepted")
        return outcome

    async def _note(
        self, actor: Counsellor | SchoolStaff, relationship: RelationshipId, key: str, fields: dict[str, str]
    ) -> Shared | ShareRefused:
        return await self.services.records.share(actor, relationship, Note(TypeKey(key), fields))

    def born(self, age: int) -> date:
        """The birth date of a child that is now `age` and a bit."""
        return self.today.replace(year=self.today.year - age, day=1) - timedelta(days=40)


async def write_families(services: Services, shelter: Shelter) -> Paper:
    """All three families, put in order in the log; the receipt of the first mother."""
    home = Home(services, shelter)
    for school in shelter.schools.values():
        await services.signal_routing.place_school(shelter.officer(), school, "midden")
    paper = await _mother_in_hiding(home)
    await _parents_who_disagree(home)
    await _two_children_two_schools(home)
    await services.sequencer.run_once(shelter.tenant)
    await services.follower.catch_up(shelter.tenant)
    return paper


async def _mother_in_hiding(home: Home) -> Paper:
    danger = SafetyAssessment("danger", True, True, None, review_day(home.services))
    view = await home.register(
        NewFamily(
            (_parent("Samira", "Voorbeeld"),),
            (PersonIdentity("Noor", "Voorbeeld", home.born(7)),),
        ),
        danger,
    )
    noor = await home.enrol(view.children[0].child, LINDE, {"ida": None, "dirk": "ida", "jip": None})
    answers: Answers = {
        "shelter_involvement": "yes",
        "contact_persons": "yes",
        "support_advice": "yes",
        "school_absence": "yes",
        "care_signal": "yes",
        "wellbeing_at_school": "yes",
        "three_way_meeting": "later",
    }
    samira = home.guardian(view, "Samira")
    receipt = await home.ask(samira, answers, name="Samira Voorbeeld")
    await home.begin(noor, LINDE, "ida")
    await home.share(home.counsellor, noor, "shelter_involvement", status="involved", shown_as="neutral")
    helps = "Even alleen kunnen zitten als het druk wordt."
    await home.share(home.counsellor, noor, "support_advice", helps=helps, moment="changes")
    await home.signal(noor)
    absent = {"date": last_school_day(home.today).isoformat(), "part_of_day": "morning", "kind": "authorised"}
    await home.share(home.shelter.at_school("ida"), noor, "school_absence", **absent)
    await home.try_in_vain(home.counsellor, noor, "practical_needs", need="school_things", note="Een rugzak.")
    await home.services.release.to_school(home.shelter.at_school("ida"), Ask(noor, "support"))
    return Paper("Samira Voorbeeld", receipt.withdrawal_code)


async def _parents_who_disagree(home: Home) -> None:
    view = await home.register(
        NewFamily(
            (_parent("Tom", "Proef"), _parent("Ilse", "Proef")),
            (PersonIdentity("Mees", "Proef", home.born(9)),),
        ),
        _calm(home),
    )
    mees = await home.enrol(view.children[0].child, LINDE, {"ida": None, "dirk": "ida"})
    yes: Answers = {"shelter_involvement": "yes", "contact_persons": "yes", "support_advice": "yes"}
    await home.ask(home.guardian(view, "Tom"), yes, name="Tom Proef")
    await home.begin(mees, LINDE, "ida")
    await home.share(home.counsellor, mees, "shelter_involvement", status="involved", shown_as="neutral")
    await home.share(home.counsellor, mees, "support_advice", helps="Een vaste plek vooraan in de klas.")
    ilse = home.guardian(view, "Ilse")
    against = Target(ilse.tenant, ilse.family, ilse.guardian, ((mees, TypeKey("support_advice")),))
    await home.services.consent.object(home.counsellor, against, method="oral")
    await home.services.release.to_school(home.shelter.at_school("ida"), Ask(mees, "support"))


async def _two_children_two_schools(home: Home) -> None:
    view = await home.register(
        NewFamily(
            (_parent("Layla", "Testman"),),
            (
                PersonIdentity("Amira", "Testman", home.born(6)),
                PersonIdentity("Yusuf", "Testman", home.born(10)),
            ),
        ),
        _calm(home),
    )
    amira, yusuf = (child.child for child in view.children)
    at_linde = await home.enrol(amira, LINDE, {"ida": None, "dirk": "ida"})
    at_eik = await home.enrol(yusuf, EIK, {"eva": None})
    answers: Answers = {
        "shelter_involvement": "yes",
        "contact_persons": "yes",
        "support_advice": "yes",
        "wellbeing_at_school": "yes",
        "practical_needs": "yes",
    }
    await home.ask(home.guardian(view, "Layla"), answers, name="Layla Testman")
    known = {"status": "involved", "shown_as": "organisation_name"}
    await home.begin(at_linde, LINDE, "ida")
    await home.begin(at_eik, EIK, "eva")
    for relationship in (at_linde, at_eik):
        await home.share(home.counsellor, relationship, "shelter_involvement", **known)
    await home.share(home.counsellor, at_linde, "support_advice", helps="Buiten spelen na het eten.")
    await home.share(home.counsellor, at_eik, "practical_needs", need="sports_things")
    await home.share(
        home.shelter.at_school("eva"),
        at_eik,
        "wellbeing_at_school",
        date=home.today.isoformat(),
        area="play",
        change="better",
        seen="Speelt in de pauze weer mee met voetbal.",
    )


def _parent(given_names: str, family_name: str) -> NewGuardian:
    return NewGuardian(PersonIdentity(given_names, family_name), "holder", "register")


def _calm(home: Home) -> SafetyAssessment:
    return SafetyAssessment("no_known_danger", False, False, None, review_day(home.services))
