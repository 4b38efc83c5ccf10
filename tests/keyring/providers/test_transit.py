"""What is special about keys at a transit server: what it may hold, whom we talk to, and how often."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NoReturn

import pytest

from consent_service.foundation.errors import (
    ConfigurationError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
)
from consent_service.foundation.tracing import tracing
from consent_service.keyring.providers.transit import open_server, prepare_server
from consent_service.keyring.providers.transit_line import MOST_BYTES, Place, TransitLine
from consent_service.keyring.secret import Secret
from tests.keyring.providers.places import ServerPlace
from tests.keyring.providers.test_contact import all_threads_idle
from tests.keyring.providers.transit_server import (
    Answer,
    Key,
    TransitServer,
    drips,
    leads_elsewhere,
    pours,
    says,
)

KEY = Secret(b"k" * 32)


@pytest.fixture
def place(transit_server: TransitServer) -> ServerPlace:
    return ServerPlace(transit_server)


def test_the_key_is_made_so_that_it_cannot_leave(place: ServerPlace) -> None:
    place.make()
    key = place.server.keys["ruggensteun-root-1"]
    assert (key.type, key.exportable, key.allow_plaintext_backup) == ("aes256-gcm96", False, False)
    assert not key.deletion_allowed


@pytest.mark.parametrize(
    "given,sentence",
    [
        ({"exportable": True}, "can leave the server"),
        ({"allow_plaintext_backup": True}, "can leave the server"),
        ({"type": "chacha20-poly1305"}, "aes256-gcm96"),
        ({"derived": True}, "aes256-gcm96"),
    ],
)
def test_a_key_that_could_leave_or_is_another_kind_is_refused(
    place: ServerPlace, given: dict[str, object], sentence: str
) -> None:
    place.make()
    place.server.keys["ruggensteun-root-2"] = Key(given)
    with pytest.raises(ConfigurationError, match=sentence):
        place.open()


def test_a_key_that_somebody_made_exportable_just_before_us_is_not_used(place: ServerPlace) -> None:
    provider = place.make()
    living = place.server.keys
    asked: list[str] = []

    class Racing(dict[str, Key]):
        def setdefault(self, name: str, default: Key | None = None) -> Key:
            asked.append(name)
            return super().setdefault(name, Key({"exportable": True}))

    place.server.keys = Racing(living)
    with pytest.raises(KeyProviderUnavailableError, match="can leave"):
        provider.create_generation(2)
    assert asked == ["ruggensteun-root-2"]


def test_keys_of_others_at_the_server_are_left_alone(place: ServerPlace) -> None:
    for name in ("ruggensteun-root", "ruggensteun-root-1-2", "ruggensteun-root-01", "x-ruggensteun-root-7"):
        place.server.keys[name] = Key({"exportable": True})
    provider = place.make()
    assert provider.generations() == (1,)
    provider.create_generation(2)
    provider.destroy_generation(1)
    assert len(place.server.keys) == 5


def test_a_server_without_keys_says_how_to_make_one(place: ServerPlace) -> None:
    with pytest.raises(ConfigurationError, match="keys init"):
        place.open()


def test_a_mount_that_does_not_exist_is_one_sentence(place: ServerPlace) -> None:
    with pytest.raises(ConfigurationError, match="mounted at elsewhere"):
        open_server(Place(place.server.url, "elsewhere", "root", None), place.secret)


@pytest.mark.parametrize("token", [b"", b"hvs.wrong", b"a\r\nX-Vault-Namespace: b", "café".encode()])
def test_a_token_that_is_refused_or_is_none_is_one_sentence(place: ServerPlace, token: bytes) -> None:
    place.make()
    place.secret = Secret(token)
    with pytest.raises(ConfigurationError, match="refuses the token"):
        place.open()


def test_a_warm_check_asks_the_server_nothing(place: ServerPlace) -> None:
    provider = place.make()
    provider.check()
    before = len(place.server.requests)
    for _ in range(1000):
        provider.check()
    assert len(place.server.requests) == before
    place.wait()
    provider.check()
    assert len(place.server.requests) == before + 1


def test_a_server_in_trouble_is_not_stormed(place: ServerPlace) -> None:
    provider = place.make()
    asked: list[str] = []

    def counting(handler: object) -> None:
        asked.append("once")
        says(500, {"errors": ["internal error"]})(handler)  # type: ignore[arg-type]

    place.server.misbehave = counting
    for _ in range(1000):
        with pytest.raises(KeyProviderUnavailableError):
            provider.wrap(KEY, b"")
    assert asked == ["once"]


def test_token_and_keys_are_never_led_to_another_server(place: ServerPlace) -> None:
    provider = place.make()
    other = TransitServer()
    seen: list[str] = []
    other.misbehave = lambda handler: seen.append(handler.path)
    place.server.misbehave = leads_elsewhere(other.url)
    with pytest.raises(KeyProviderUnavailableError):
        provider.wrap(KEY, b"")
    other.stop()
    assert seen == []


def test_the_environment_sets_neither_proxy_nor_server_nor_token(
    place: ServerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = place.make()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "VAULT_ADDR"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("VAULT_TOKEN", "hvs.other")
    monkeypatch.setenv("VAULT_NAMESPACE", "other")
    assert provider.generations() == (1,)


_OK = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "head,drop",
    [
        pytest.param(b"", b" ", id="the body"),
        pytest.param(b"HTTP/1.0 200 O", b"K", id="the first line"),
        pytest.param(_OK + b"X-Long: ", b"x", id="a header"),
        pytest.param(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", id="chunks"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", id="patience"),
    ],
)
def test_a_server_that_drips_is_left_when_the_time_of_the_question_is_over(
    place: ServerPlace, head: bytes, drop: bytes
) -> None:
    """Each read is answered in time; it is the whole that has an end, and the thread is free again then."""
    provider = place.make()
    place.server.misbehave = drips(60, head=head, drop=drop)
    with place.hurry.on(), pytest.raises(KeyProviderUnavailableError, match=r"in time|does not work"):
        provider.check_value(1)
    all_threads_idle()


def test_all_calls_of_one_question_share_its_time(place: ServerPlace) -> None:
    place.make()
    line = TransitLine(place.place, place.secret, until=time.monotonic())
    before = len(place.server.requests)
    with pytest.raises(TimeoutError):
        line.call("list_keys")
    assert len(place.server.requests) == before


def test_a_call_carries_the_trace_context_of_where_the_question_arose(place: ServerPlace) -> None:
    provider, seen = place.make(), []

    def answering(handler: BaseHTTPRequestHandler) -> None:
        seen.append((handler.headers.get("traceparent"), handler.headers.get("tracestate")))
        says(500, {})(handler)

    place.server.misbehave = answering
    headers = [(b"traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-00"), (b"tracestate", b"rojo=1")]
    with tracing(headers) as trace, pytest.raises(KeyProviderUnavailableError):
        provider.check_value(1)
    assert set(seen) == {(f"00-{trace.id}-{trace.span}-01", "rojo=1")}


@pytest.mark.parametrize(
    "head,piece",
    [
        pytest.param(b"Content-Length: 3000000000\r\n\r\n", bytes(1 << 16), id="a long body"),
        pytest.param(b"\r\n", bytes(1 << 16), id="a body without end"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n", b"a\r\n0123456789\r\n" * 5000, id="chunks"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n", b"a" * (1 << 16), id="a chunk's size"),
        pytest.param(b"", b"X-Header: 1\r\n" * 5000, id="headers"),
    ],
)
def test_a_server_that_sends_without_end_is_left_after_a_mebibyte(
    place: ServerPlace, head: bytes, piece: bytes
) -> None:
    provider = place.make()
    sent: list[int] = []

    def flood() -> Iterator[bytes]:
        while sum(sent) < 100 * MOST_BYTES:
            yield piece
            sent.append(len(piece))

    place.server.misbehave = pours(_OK + head, flood())
    taken = _memory_of_refusing(lambda: provider.check_value(1))
    assert sum(sent) < 30 * MOST_BYTES  # what buffers of the system take in is not ours
    assert taken < 8 * MOST_BYTES


def test_an_answer_that_unpacks_to_more_than_it_has_is_refused(place: ServerPlace) -> None:
    provider = place.make()
    packed = gzip.compress(bytes(50 * MOST_BYTES))
    head = _OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    place.server.misbehave = pours(head, [packed])
    assert _memory_of_refusing(lambda: provider.check_value(1)) < 8 * MOST_BYTES


def _memory_of_refusing(use: Callable[[], object]) -> int:
    """The most bytes that were taken while a question failed."""
    tracemalloc.start()
    try:
        with pytest.raises(KeyProviderUnavailableError):
            use()
        all_threads_idle()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_an_answer_just_below_the_limit_is_taken(place: ServerPlace) -> None:
    provider = place.make()
    names = [*place.server.keys, "x" * (MOST_BYTES - 4096)]
    place.server.misbehave = says(200, {"data": {"keys": names}})
    assert provider.generations() == (1,)
    place.server.misbehave = says(200, {"data": {"keys": [*names, "x" * 4096]}})
    with pytest.raises(KeyProviderUnavailableError):
        provider.generations()


def test_a_destroyed_generation_is_not_made_again_by_encrypting(place: ServerPlace) -> None:
    """The engine makes a missing key when a token that may create encrypts; we look before we encrypt."""
    provider = place.make()
    place.server.may_create_by_encrypting = True
    generation, blob = provider.wrap(KEY, b"")
    place.elsewhere("create_generation", 2)
    place.elsewhere("destroy_generation", 1)
    assert provider.wrap(KEY, b"")[0] == 2
    assert set(place.server.keys) == {"ruggensteun-root-2"}
    with pytest.raises(KeyDestroyedError):
        provider.unwrap(generation, blob, b"")


def test_a_key_that_the_server_keeps_is_not_reported_as_destroyed(
    place: ServerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = place.make()
    provider.create_generation(2)

    class Keeping(dict[str, Key]):
        def __delitem__(self, name: str) -> None:
            return

    place.server.keys = Keeping(place.server.keys)
    with pytest.raises(KeyProviderUnavailableError):
        provider.destroy_generation(1)


def test_a_check_value_that_is_none_is_not_believed(place: ServerPlace) -> None:
    provider = place.make()
    for value in ("vault:v1:AAAA", "vault:v1:", "AAAA", "vault:v1:@@@@"):
        place.server.misbehave = says(200, {"data": {"hmac": value}})
        with pytest.raises(KeyProviderUnavailableError):
            provider.check_value(1)
        place.wait()


def test_a_server_that_refuses_a_living_key_is_in_trouble(place: ServerPlace) -> None:
    provider = place.make()

    def refusing(name: str, body: object) -> NoReturn:
        raise Answer(400, {"errors": ["cannot generate HMAC: version is too old (disallowed by policy)"]})

    place.server._hmac = refusing  # type: ignore[method-assign]
    with pytest.raises(KeyProviderUnavailableError):
        provider.check_value(1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that no public authority signed, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "ca.pem", folder / "key.pem"
    _write_certificate(certificate, key)
    return certificate, key


@pytest.fixture
def tls_server(certificate: tuple[Path, Path]) -> Iterator[TransitServer]:
    server = TransitServer(certificate)
    yield server
    server.stop()


def test_over_tls_only_a_certificate_of_the_named_authority_is_trusted(
    tls_server: TransitServer, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    token = Secret(tls_server.token.encode())
    trusted = Place(tls_server.url, "transit", "root", certificate[0])
    assert prepare_server(trusted, token).generations() == (1,)
    nothing = tmp_path / "gone.pem"
    for ca_file in (None, nothing):
        with pytest.raises(ConfigurationError, match="transit_ca_file"):
            open_server(Place(tls_server.url, "transit", "root", ca_file), token)
    elsewhere = tls_server.url.replace("127.0.0.1", "localhost")
    with pytest.raises(ConfigurationError, match="transit_ca_file"):
        open_server(Place(elsewhere, "transit", "root", certificate[0]), token)


def _write_certificate(certificate: Path, key: Path) -> None:
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "transit of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
