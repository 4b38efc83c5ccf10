"""Where messages for somebody else go: what the coordinator's and the counsellor's pages have in common."""

from __future__ import annotations

from typing import ClassVar, Final

from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import StaffId
from consent_service.identity.model import StaffActor
from consent_service.identity.page_factors import safe_address
from consent_service.process.notices.addresses import AddressState
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.pages import View
from consent_service.web.visit import Visit

MOST: Final = 254
"""The longest address there is (RFC 5321 section 4.5.3.1.3, without the brackets)."""


class AddressPage(View, frozen=True):
    """Where messages for `name` go. The address itself is shown to nobody, only whether there is one."""

    template: ClassVar[str] = "staff/address.html"
    action: str
    back_href: str
    name: str
    state: AddressState
    form: FormState = EMPTY


async def take_address(visit: Visit, actor: StaffActor, member: StaffId) -> tuple[Problem, ...]:
    """Keep or take away what the form says; everything wrong with it, and then nothing was changed."""
    form, entered = FormReader(visit.posted), ""
    if not visit.posted.first("remove"):
        entered = form.text("work_address", max_length=MOST)
        if entered and safe_address("mail", entered) is None:
            form.refuse("work_address", "page.mail_form")
        if not form.ticked("only_theirs"):
            form.refuse("only_theirs", "notices.only_theirs")
    if not form.problems:
        await visit.services.notice_inbox.enter_address(actor, actor.tenant, member, entered)
    return form.problems
