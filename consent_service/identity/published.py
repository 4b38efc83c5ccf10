"""What providers publish about themselves: discovery and keys, kept for an hour, per process.

OpenID Connect Discovery 1.0 and RFC 7517. Metadata that cannot be fetched again is used for a day more, so
that a short outage of one page stops nobody; keys are not, because a key may have been taken out of use.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from consent_service.foundation.clock import Clock
from consent_service.identity.flights import Flights
from consent_service.identity.provider_http import AwayError, fetch
from consent_service.identity.providers import is_provider_address

T = TypeVar("T")

CACHE_FOR = timedelta(hours=1)
USED_WHILE_AWAY = timedelta(hours=24)
REFETCH_AFTER = timedelta(seconds=60)
"""How often an unknown key id makes us fetch the keys again, and who failed is asked again, at most."""
_QUERY = re.compile(r"[!$-&(-;=?-Z_a-z~]{0,300}")
"""What the query of an endpoint is made of (RFC 3986 section 3.4), without quotes."""
LEARNING_SECONDS = 2.0
"""How long a page waits for providers of which it wants to know the addresses."""


class Metadata(msgspec.Struct, frozen=True):
    """What discovery publishes and we use; a provider publishes more."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    authorization_response_iss_parameter_supported: bool = False


class _KeySet(msgspec.Struct, frozen=True):
    keys: tuple[dict[str, object], ...]


class _Cached(msgspec.Struct, Generic[T], frozen=True):
    value: T
    at: datetime


class Published:
    """Metadata and keys of every provider that was asked for, of this process."""

    def __init__(self, clock: Clock, *, loopback_allowed: bool) -> None:
        self._clock = clock
        self._loopback_allowed = loopback_allowed
        self._metadata: dict[str, _Cached[Metadata]] = {}
        self._keys: dict[str, _Cached[tuple[Key, ...]]] = {}
        self._discoveries: Flights[Metadata] = Flights(clock, remembered=REFETCH_AFTER)
        self._key_fetches: Flights[tuple[Key, ...]] = Flights(clock, remembered=REFETCH_AFTER)

    async def metadata(self, issuer: str) -> Metadata:
        """Where this provider's endpoints are.

        Raises:
            AwayError: it does not answer, or says something we do not believe.
        """
        cached = self._metadata.get(issuer)
        age = None if cached is None else self._clock.now() - cached.at
        if cached is not None and age is not None and age < CACHE_FOR:
            return cached.value
        try:
            return await self._discoveries.fetch(issuer, lambda: self._discover(issuer))
        except AwayError:
            if cached is not None and age is not None and age < USED_WHILE_AWAY:
                return cached.value
            raise

    async def keys(self, metadata: Metadata, *, again: bool = False) -> tuple[Key, ...]:
        """The provider's keys; `again` refetches, unless that was done a moment ago.

        Raises:
            AwayError: it does not answer, or did not a moment ago.
        """
        patience = REFETCH_AFTER if again else CACHE_FOR
        cached = self._keys.get(metadata.issuer)
        if cached is not None and self._clock.now() - cached.at < patience:
            return cached.value  # also while somebody else waits for fresh ones
        return await self._key_fetches.fetch(metadata.issuer, lambda: self._fetch_keys(metadata))

    async def _fetch_keys(self, metadata: Metadata) -> tuple[Key, ...]:
        published = await self.read(metadata.jwks_uri, _KeySet)
        readable = (_readable_key(one) for one in published.keys)
        keys = tuple(key for key in readable if key is not None)
        self._keys[metadata.issuer] = _Cached(keys, self._clock.now())
        return keys

    async def learn(self, issuers: Iterable[str]) -> None:
        """Find out where these providers' pages are, as far as they say so within two seconds.

        Who does not is not waited for again in the next minute; what it still says is used.
        """
        unknown = [one for one in set(issuers) if one not in self._metadata]
        asked = {
            asyncio.create_task(self._try(one)): one
            for one in unknown
            if not self._discoveries.failed_lately(one)
        }
        if asked:
            _, slow = await asyncio.wait(asked, timeout=LEARNING_SECONDS)
            for one in slow:
                self._discoveries.give_up(asked[one])
                one.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    def origins(self, issuers: Iterable[str]) -> frozenset[str]:
        """The origins to which a login or a logout at these can lead, as far as they are known."""
        found: set[str] = set()
        for issuer in issuers:
            cached = self._metadata.get(issuer)
            if cached is not None:
                ends = (cached.value.authorization_endpoint, cached.value.end_session_endpoint)
                found |= {origin_of(end) for end in (issuer, *ends) if end}
        return frozenset(found)

    async def read(self, address: str, kind: type[T]) -> T:
        """A JSON document of a provider.

        Raises:
            AwayError: it is not there, not safe to ask for, or something else.
        """
        self.refuse_unsafe(address)
        return as_json((await fetch(address)).content, kind)

    def refuse_unsafe(self, address: str) -> None:
        """Only https, or loopback in development.

        Raises:
            AwayError: it is another address.
        """
        bare, _, query = address.partition("?")
        if not is_provider_address(bare, loopback_allowed=self._loopback_allowed):
            raise AwayError
        if _QUERY.fullmatch(query) is None:
            raise AwayError

    async def _try(self, issuer: str) -> None:
        try:
            await self.metadata(issuer)
        except AwayError:
            return

    async def _discover(self, issuer: str) -> Metadata:
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        metadata = await self.read(address, Metadata)
        if metadata.issuer != issuer:
            raise AwayError
        endpoints = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
        optional = (metadata.userinfo_endpoint, metadata.end_session_endpoint)
        for endpoint in (*endpoints, *filter(None, optional)):
            self.refuse_unsafe(endpoint)
        self._metadata[issuer] = _Cached(metadata, self._clock.now())
        return metadata


def as_json(content: bytes, kind: type[T]) -> T:
    """A provider's JSON as `kind`.

    Raises:
        AwayError: it is not, or is nested without end.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as failure:
        raise AwayError from failure


def origin_of(address: str) -> str:
    """Scheme and host of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _readable_key(published: dict[str, object]) -> Key | None:
    """RFC 7517 section 5: a key that is not understood is passed over."""
    kept: dict[str, str | list[str]] = {n: v for n, v in published.items() if isinstance(v, str)}
    operations = published.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:  # RFC 7517 section 4.3
        return None
    try:
        key = JWKRegistry.import_key(kept)
    except (JoseError, ValueError, KeyError):
        return None
    return None if key.key_type == "oct" or key.is_private else key
