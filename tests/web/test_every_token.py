"""Pages of every kind, asked for with any token anybody ever had, while a tablet goes from hand to hand.

What each is answered is what `who_may_call` says of whoever has that token now: the counsellor, who the
tablet was lent to, a screen that locked itself, or nobody. The sequences are the same in every run.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from consent_service.identity import lent_rows, sessions
from consent_service.identity.handover import HandOver
from consent_service.identity.live import LiveSessions
from consent_service.identity.model import PersonActor, person_of
from consent_service.identity.permissions import Circumstances
from consent_service.identity.sessions import Opened
from tests.identity.machine.model import LIMITS, PIN, WRONG, Life, Model
from tests.web.visiting import COOKIE, Browser, Site, words_of
from tests.web.who_may_call import officer, school, shelter, tablet
from tests.web.who_may_call.roles import Role, Row
from tests.web.who_may_call.scene import Scene, make_scene

OF_A_MOMENT: Final = {
    "GET /opvang/{tenant}/gezinnen/{family}/tablet",  # first asks for a PIN, of who has none
    "GET /intake/{sitting}/klaar",  # after the last question
}
PAGES: Final[dict[str, Row]] = {
    call.removeprefix("GET "): row
    for call, row in {**shelter.TABLE, **school.TABLE, **officer.TABLE, **tablet.TABLE}.items()
    if call.startswith("GET ") and call not in OF_A_MOMENT
}
AT_THE_TABLET: Final = [page for page in PAGES if f"GET {page}" in tablet.TABLE]
STEPS, LOOKS = 40, 4
MOMENT, PAUSE, TALK = timedelta(seconds=30), timedelta(minutes=3), timedelta(minutes=11)


class Walk:
    """One counsellor's tablet; `model` knows who has which token."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene = scene
        self.site = scene.site
        self.world = scene.site.world
        self.identity = scene.site.world.services.identity
        self.chance = random.Random(seed)  # noqa: S311 - which page comes next is no secret
        self.model = Model(with_pin={"noor"})
        self.ever: list[str] = []
        self.holders: dict[PersonActor, Role] = {
            self.world.guardian(scene.view): "guardian",
            self.world.guardian(scene._other): "guardian of another family",
            scene.child("Yara"): "child",
            scene.child("Noor"): "young child",
        }

    async def go(self) -> None:
        acts = (self._logs_in, self._hands_over, self._locks, self._unlocks, self._takes_back, self._logs_out)
        await self._logs_in(None)
        for _ in range(STEPS):
            self.world.clock.advance(self.chance.choice((MOMENT, MOMENT, MOMENT, MOMENT, PAUSE, TALK)))
            token = self.model.lives[-1].token if self.model.lives else self.chance.choice(self.ever)
            act = self.chance.choices(acts, (2, 5, 3, 5, 4, 1))[0]
            await self.identity.actor_for(token)  # somebody comes with it, whatever is done then
            await act(self.model.use(token, self.world.clock.now()))
            for _look in range(LOOKS):
                now = [one.token for one in self.model.lives[-1:]]
                pages = self.chance.choice((list(PAGES), AT_THE_TABLET))
                await self._looks(
                    self.chance.choice([*self.ever, *now * len(self.ever)]), self.chance.choice(pages)
                )

    async def _looks(self, token: str, page: str) -> None:
        life = self.model.use(token, self.world.clock.now())
        answer = await Browser(self.site.client, token).get(self.scene.address(page))
        assert answer.status_code == PAGES[page][self._role(life)], (page, self._role(life))

    def _role(self, life: Life | None) -> Role:
        if life is None:
            return "nobody"
        if life.is_locked:
            return "locked counsellor" if life.lent is None else "locked guardian"
        return "counsellor" if life.lent is None else self.holders[life.lent]

    async def _logs_in(self, _life: Life | None) -> None:
        token, now = (await self.site.logged_in(self.world.counsellor)).token, self.world.clock.now()
        session = await self.identity.actor_for(token)
        assert session is not None
        await self.identity.set_pin(session, PIN)
        self.model.lives.append(Life(session.id, token, "noor", now, now + LIMITS.absolute, now))
        self.ever.append(token)

    async def _hands_over(self, life: Life | None) -> None:
        if life is None:
            return
        to = self.chance.choice(list(self.holders))
        facts = Circumstances(tenant=self.world.tenant, family=to.family, assigned=True)
        is_child = "child" in self.holders[to]
        handed = await self.identity.hand_over(life.token, HandOver(person_of(to), facts, is_child=is_child))
        assert isinstance(handed, Opened) == life.is_staffs
        if isinstance(handed, Opened):
            life.lent, life.tries = to, 0
            self._renewed(life, handed.token)
            for page in AT_THE_TABLET:
                await self._looks(handed.token, page)

    async def _locks(self, life: Life | None) -> None:
        if life is not None:
            answer = await Browser(self.site.client, life.token).post("/vergrendel", {"back": "/"})
            assert answer.headers["location"] == "/vergrendeld"
            life.is_locked = True

    async def _unlocks(self, life: Life | None) -> None:
        if life is not None and life.is_locked and await self._proves(life, "/vergrendeld"):
            life.opened(self.world.clock.now())

    async def _takes_back(self, life: Life | None) -> None:
        if life is None or life.lent is None or life.is_locked:
            return
        if await self._proves(life, "/tablet-terug"):
            life.lent = None
            life.opened(self.world.clock.now())

    async def _proves(self, life: Life, where: str) -> bool:
        pin = self.chance.choice((PIN, PIN, PIN, WRONG))
        right = self.model.tries(life, pin, self.world.clock.now())
        answer = await Browser(self.site.client, life.token).post(where, {"pin": pin})
        assert (answer.status_code == 303) == right, (where, pin, words_of(answer))
        if right:
            self._renewed(life, answer.cookies[COOKIE])
        return right

    async def _logs_out(self, life: Life | None) -> None:
        if life is not None:
            await Browser(self.site.client, life.token).post("/uitloggen")
            self.model.lives.remove(life)

    def _renewed(self, life: Life, token: str) -> None:
        assert token not in self.ever
        life.token = token
        self.ever.append(token)


async def _walks(scene: Scene) -> None:
    for seed in (1, 2, 3):
        await Walk(scene, seed).go()


@pytest.mark.untraced
async def test_a_token_opens_only_what_is_of_who_has_it_now(site: Site) -> None:
    scene = await make_scene(site)
    await _walks(scene)


def _old_tokens_live_on(patch: pytest.MonkeyPatch) -> None:
    """A process that remembers a token after the session went on under another."""
    known: dict[str, Any] = {}
    honest = LiveSessions.actor_for

    async def remembering(self: LiveSessions, token: str) -> Any:
        session = await honest(self, token)
        if session is not None:
            known[token] = session
        return known.get(token)

    patch.setattr(LiveSessions, "actor_for", remembering)


def _never_locked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sessions.Session, "is_left_alone", lambda *_: False)


def _hand_over_in_name_only(patch: pytest.MonkeyPatch) -> None:
    """The page says that the tablet was lent; the token still is the counsellor's."""
    patch.setattr(sessions.Session, "_everybody", property(lambda self: self.actors))
    patch.setattr(sessions, "_handed_over", lambda _row: None)


def _another_family(patch: pytest.MonkeyPatch) -> None:
    """Lent to whoever, it is the first family's."""
    first: list[Any] = []
    honest = lent_rows.downgrade

    async def downgrade(conn: Any, session: Any, old: str, new: str, lent: Any) -> bool:
        first.append(lent)
        return await honest(conn, session, old, new, first[0])

    patch.setattr(lent_rows, "downgrade", downgrade)


PLANTED: Final[dict[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "old tokens live on": _old_tokens_live_on,
    "nothing is locked": _never_locked,
    "lent in name only": _hand_over_in_name_only,
    "lent to another family": _another_family,
}


@pytest.mark.untraced
@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
async def test_the_walk_finds_each_planted_mistake(
    site: Site, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    scene = await make_scene(site)
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        await _walks(scene)
