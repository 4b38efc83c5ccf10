"""For `test_isolation`: attempts at driegesprekken of another shelter."""

from __future__ import annotations

from consent_service.families.model import FamilyView
from consent_service.foundation.notifier import MailServer
from consent_service.identity.model import GuardianActor, SchoolStaff
from consent_service.process.meetings.model import NewAgreement, Preparation
from tests.organisations.log_attempts import Attempt
from tests.postbox import SENDER
from tests.process.meetings.stories import next_day, planned
from tests.process.notices.mailing import with_server
from tests.shelter import World


async def meeting_attempts(own: World, other: World, view: FamilyView) -> dict[str, Attempt]:
    """Each method, called by the second shelter's people with a meeting of the first."""
    met = await planned(own)
    s, who, meeting, place = other.services.meetings, other.counsellor, met.meeting, met.relationship
    thief = GuardianActor(other.tenant, met.mother.guardian, met.view.family)
    school = SchoolStaff(other.tenant, own.contact.staff, own.linde, "contact")
    entered = Preparation("Rekenen", (view.guardians[0].guardian,), (own.contact.staff,))
    agreement = NewAgreement("Bellen.", "shelter", next_day(own, 20))

    async def file() -> object:
        """A permit of the second shelter is for what is of the second shelter."""
        sending = with_server(other, MailServer("127.0.0.1", 25, SENDER)).services
        release, database = sending.release, sending.installation.database
        async with database.transaction() as conn:
            permit = await release.permit_for_member(conn, other.tenant, who.staff, "calendar_file")
            assert permit is not None
            return await sending.meetings.calendar_file(conn, permit, meeting)

    async def lapse() -> object:
        """By the service itself, of a meeting that nothing ends."""
        async with other.services.installation.database.reading() as conn:
            (found,) = await own.services.meetings.of_family(own.counsellor, met.view.family)
            return await s.lapse(conn, found) or None

    return {
        "meetings.propose": lambda: s.propose(who, place, "routine"),
        "meetings.propose_from_school": lambda: s.propose_from_school(school, place, "routine"),
        "meetings.approve": lambda: s.approve(who, meeting),
        "meetings.prepare": lambda: s.prepare(who, meeting, entered),
        "meetings.plan": lambda: s.plan(who, meeting, next_day(own, 3), "10:00"),
        "meetings.cancel": lambda: s.cancel(who, meeting),
        "meetings.lapse": lapse,
        "meetings.hold": lambda: s.hold(who, meeting),
        "meetings.agree": lambda: s.agree(who, meeting, (agreement,)),
        "meetings.remark": lambda: s.remark(thief, meeting, "Nee."),
        "meetings.give_copy": lambda: s.give_copy(who, meeting),
        "meetings.follow_up": lambda: s.follow_up(who, meeting, meeting, "done"),
        "meetings.close": lambda: s.close(who, meeting),
        "meetings.tell_school": lambda: s.tell_school(who, meeting),
        "meetings.of_family": lambda: s.of_family(who, met.view.family),
        "meetings.view": lambda: s.view(who, meeting),
        "meetings.at_school": lambda: s.at_school(school, [place]),
        "meetings.own": lambda: s.own(thief),
        "meetings.calendar_file": file,
    }
