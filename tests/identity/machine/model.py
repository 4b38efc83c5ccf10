"""What a reader of the documentation expects of every session, without a database or a token's digest."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from consent_service.foundation.ids import FamilyId, PersonId, StaffId
from consent_service.identity.lent_rows import MAX_PIN_TRIES
from consent_service.identity.model import (
    Actor,
    ChildActor,
    Counsellor,
    GuardianActor,
    PersonActor,
    StaffActor,
)
from consent_service.identity.sessions import SEEN_EVERY, SessionLimits
from tests.identity import factories as f

LIMITS = SessionLimits()
PIN, WRONG = "482615", "951738"
WRONG_PINS_A_DAY, DAY = 20, timedelta(hours=24)
OTHER_FAMILY = FamilyId("01990000-0000-7000-8000-000000000022")
CHILD, OTHER_MOTHER, FATHER = (PersonId(f"01990000-0000-7000-8000-00000000003{n}") for n in (2, 3, 4))
COLLEAGUE = Counsellor(f.TRAVERSE, StaffId("01990000-0000-7000-8000-000000000049"))
LOGINS: dict[str, StaffActor] = {"noor": f.COUNSELLOR, "bas": COLLEAGUE, "sanne": f.CONTACT}
HOLDERS: tuple[PersonActor, ...] = (
    f.GUARDIAN,
    GuardianActor(f.TRAVERSE, FATHER, f.FAMILY),
    ChildActor(f.TRAVERSE, CHILD, f.FAMILY),
    GuardianActor(f.TRAVERSE, OTHER_MOTHER, OTHER_FAMILY),
)


@dataclass
class Life:
    """A session as the model knows it; `lent` is who holds the tablet, `own` whose own page it is."""

    id: str
    token: str
    login: str
    begun: datetime
    until: datetime
    seen: datetime
    sid: str = ""
    lent: PersonActor | None = None
    own: PersonActor | None = None
    tries: int = 0
    is_locked: bool = False
    place: str = ""
    form: str = ""
    """The form that was shown last and may be sent once."""

    @property
    def actor(self) -> Actor:
        return self.own or self.lent or LOGINS[self.login]

    @property
    def is_staffs(self) -> bool:
        """Whether a member of staff is at an open screen."""
        return self.own is None and self.lent is None and not self.is_locked

    def is_over(self, now: datetime) -> bool:
        return now >= self.until or now >= self.seen + (
            LIMITS.idle if self.lent is None else LIMITS.lent_idle
        )

    def is_left_alone(self, now: datetime) -> bool:
        if self.lent is not None:
            return now >= self.seen + LIMITS.lent_lock
        return isinstance(self.actor, Counsellor) and now >= self.seen + LIMITS.lock

    def opened(self, now: datetime) -> None:
        """It is open again, for whoever has it, and counts from now."""
        self.is_locked, self.place, self.tries, self.seen = False, "", 0, now


@dataclass
class Model:
    """Who may act: one life per session that was not ended."""

    lives: list[Life] = field(default_factory=list)
    linked: set[str] = field(default_factory=lambda: set(LOGINS))
    with_pin: set[str] = field(default_factory=set)
    with_passkey: set[str] = field(default_factory=set)
    wrong: dict[str, list[datetime]] = field(default_factory=dict)
    """The wrong PINs of each login, in whichever session."""

    def of(self, token: str) -> Life | None:
        return next((one for one in self.lives if one.token == token), None)

    def use(self, token: str, now: datetime) -> Life | None:
        """Somebody comes with this token: it ends over its limit, locks when left alone, else goes on."""
        life = self.of(token)
        if life is None:
            return None
        if life.is_over(now):
            self.lives.remove(life)
            return None
        life.is_locked = life.is_locked or life.is_left_alone(now)
        if not life.is_locked and now - life.seen >= SEEN_EVERY:
            life.seen = now
        return life

    def tries(self, life: Life, pin: str | None, now: datetime, *, is_passkey_right: bool = False) -> bool:
        """A try at the PIN, or at a passkey (`pin` is None): counted; the last wrong one ends it."""
        if life.tries >= MAX_PIN_TRIES:
            self.lives.remove(life)
            return False
        life.tries += 1
        right = is_passkey_right if pin is None else self._tries_pin(life.login, pin, now)
        if not right and life.tries >= MAX_PIN_TRIES:
            self.lives.remove(life)
        return right

    def _tries_pin(self, login: str, pin: str, now: datetime) -> bool:
        counted = [at for at in self.wrong.get(login, ()) if at > now - DAY]
        if len(counted) >= WRONG_PINS_A_DAY:
            return False
        if pin != PIN or login not in self.with_pin:
            self.wrong[login] = [*counted, now]
            return False
        return True

    def leaves(self, login: str) -> None:
        """Unlinked: nothing of this login is left."""
        self.lives = [one for one in self.lives if one.login != login]
        for names in (self.linked, self.with_pin, self.with_passkey):
            names.discard(login)
