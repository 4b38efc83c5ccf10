"""One entry of the log: what it says, whether it is proved, the proof as a file, releasing it if hidden."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.audit.events import By
from consent_service.audit.log import TrailEntry
from consent_service.foundation.errors import IntegrityError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import EntryId, PersonId, is_id
from consent_service.identity.model import Fg
from consent_service.policy.bundle import Bundle
from consent_service.policy.stored import EngineGoneError
from consent_service.rights.releasing_entries import Recipient
from consent_service.web.forms import FormReader
from consent_service.web.officer.room import home, navigation
from consent_service.web.officer.views import EntryPage, RecipientLine
from consent_service.web.officer.wording import LogWords
from consent_service.web.reviews.words import SLUGS
from consent_service.web.visit import Visit


@get("/toezicht/{tenant:str}/regels/{entry:str}", include_in_schema=False)
async def entry(visit: NamedDependency[Visit], tenant: FromPath[str], entry: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    found = await visit.services.supervision.entry(actor, _known(entry))
    proof = await visit.services.supervision.proof(actor, found.id)
    words = LogWords(visit.services.texts.of(visit.language))
    bundle = await _bundle(visit, found.bundle)
    people = await visit.services.entry_releases.recipients(actor, found.id)
    here = home(actor, "regels", found.id)
    view = EntryPage(
        back_href=home(actor),
        id=found.id,
        number=words.number(found),
        at=found.at,
        sentence=words.sentence(found),
        event=found.type,
        actor=words.actor(found),
        details=() if found.detail is None else words.details(found.detail, bundle),
        leaf=proof.leaf.decode(errors="replace"),
        leaf_hash=proof.leaf_hash.hex(),
        tag=proof.tag,
        bundle=found.bundle,
        inclusion=proof.state,
        tree_size=proof.size,
        origin=proof.origin,
        proof_href=f"{here}/bewijs" if proof.state == "proved" else "",
        erased=found.state == "erased",
        title=words.name(found.type),
        rerun_action=f"{here}/opnieuw" if _holds_decision(found) else "",
        recipients=tuple(_recipient(words, one) for one in people),
        release_action="" if isinstance(actor, Fg) else f"{here}/vrijgeven",
        ask_action=home(actor, "vragen", SLUGS["who_saw"]),
        ask_person=_of_family(found),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, ""))


@get("/toezicht/{tenant:str}/regels/{entry:str}/bewijs", include_in_schema=False)
async def proof(visit: NamedDependency[Visit], tenant: FromPath[str], entry: FromPath[str]) -> Response[Any]:
    """A proof that verifies without this service (C2SP tlog-proof): hashes and a signed head, no content."""
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    text = await visit.services.supervision.proof_text(actor, _known(entry))
    name = f"regel-{entry}.tlog-proof"
    return Response(
        text, media_type="text/plain", headers={"content-disposition": f'attachment; filename="{name}"'}
    )


@post("/toezicht/{tenant:str}/regels/{entry:str}/vrijgeven", include_in_schema=False)
async def release(
    visit: NamedDependency[Visit], tenant: FromPath[str], entry: FromPath[str]
) -> Response[Any]:
    """What only officers could find, one person may find from now on."""
    actor = visit.officer(tenant)
    if isinstance(actor, Fg):
        raise NotAllowedError("the FG decides nothing")
    await visit.require_fresh(back=home(actor, "regels", entry))
    form = FormReader(visit.posted)
    chosen = form.text("person", max_length=36)
    if not is_id(chosen):
        raise NotFoundError("person")
    await visit.services.entry_releases.release(actor, _known(entry), PersonId(chosen))
    return visit.redirect(home(actor, "regels", entry), done="vrijgegeven")


ROUTES: list[HTTPRouteHandler] = [entry, proof, release]


def _known(entry: str) -> EntryId:
    """Raises NotFoundError for what is no id: no page of ours names that."""
    if not is_id(entry):
        raise NotFoundError("entry")
    return EntryId(entry)


def _recipient(words: LogWords, one: Recipient) -> RecipientLine:
    label = words.by(By(one.kind, one.person))
    return RecipientLine(label, one.standing, one.person if one.standing == "open" else "")


def _of_family(found: TrailEntry) -> str:
    """Whom of a family the entry is about; some are about the member of staff who did it."""
    subject = None if found.detail is None else found.detail.subject
    if found.detail is None or subject is None:
        return ""
    by = found.detail.by
    return "" if by.id == subject and by.kind not in {"guardian", "child"} else subject


def _holds_decision(found: TrailEntry) -> bool:
    """Whether the facts and answers of a decision are kept with this entry, to be judged again."""
    return found.detail is not None and bool(found.detail.attached)


async def _bundle(visit: Visit, bundle_hash: str) -> Bundle | None:
    """The rules that decided then, for their reasons; None where none decided."""
    if not bundle_hash:
        return None
    try:
        return (await visit.services.policies.rules(bundle_hash)).bundle
    except (NotFoundError, EngineGoneError, IntegrityError):
        return None
