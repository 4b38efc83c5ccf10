"""A faithful local stand-in for the transit engine of Vault and OpenBao: real HTTP, real AES-GCM.

Paths, JSON shapes, status codes and error texts follow the engine's own handlers (`path_keys`,
`path_encrypt`, `path_decrypt`, `path_hmac`, `path_keys_config`): a missing key and a wrong tag are both
400, an engine without keys answers a list with a bare 404, an unknown mount with "no handler for route",
a bad token with 403, a sealed server with 503, and encrypting under a missing name makes that key where
the token may create. No such server can be installed here, so nothing was tried against a real one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MOUNT = "transit"


class Key:
    """One named key with its versions."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.type: str = given.get("type", "aes256-gcm96")
        self.exportable: bool = given.get("exportable", False)
        self.allow_plaintext_backup: bool = given.get("allow_plaintext_backup", False)
        self.derived: bool = given.get("derived", False)
        self.deletion_allowed = False
        self.versions = [(AESGCM(secrets.token_bytes(32)), secrets.token_bytes(32))]

    def described(self, name: str) -> dict[str, Any]:
        return {
            "allow_plaintext_backup": self.allow_plaintext_backup,
            "auto_rotate_period": 0,
            "deletion_allowed": self.deletion_allowed,
            "derived": self.derived,
            "exportable": self.exportable,
            "imported_key": False,
            "keys": {str(number): 1790000000 for number in range(1, len(self.versions) + 1)},
            "latest_version": len(self.versions),
            "min_available_version": 0,
            "min_decryption_version": 1,
            "min_encryption_version": 0,
            "name": name,
            "supports_decryption": True,
            "supports_derivation": True,
            "supports_encryption": True,
            "supports_signing": False,
            "type": self.type,
        }


class Answer(Exception):  # noqa: N818 - ends a request, with success or not
    """What a request is answered with."""

    def __init__(self, status: int, body: object = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class TransitServer:
    """A server on loopback; `misbehave` replaces every answer until it is None again."""

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        self.keys: dict[str, Key] = {}
        self.token = f"hvs.{secrets.token_urlsafe(24)}"
        self.may_create_by_encrypting = False
        self.requests: list[str] = []
        self.misbehave: Callable[[BaseHTTPRequestHandler], None] | None = None
        self._certificate = certificate
        self._server = self._listening(0)
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def start_again(self) -> None:
        self._server = self._listening(int(self.url.rpartition(":")[2]))

    def answer(self, method: str, path: str, token: str | None, body: dict[str, Any]) -> Answer:
        self.requests.append(f"{method} {path}")
        if token != self.token:
            return Answer(403, {"errors": ["permission denied"]})
        mounted = re.fullmatch(rf"/v1/{MOUNT}/(keys|encrypt|decrypt|hmac)(?:/([\w.-]+))?(/config)?", path)
        if mounted is None:
            return Answer(404, {"errors": [f'no handler for route "{path[4:]}". route entry not found.']})
        what, name, config = mounted[1], mounted[2] or "", bool(mounted[3])
        try:
            if what == "keys":
                self._about_keys(method, name, config, body)
            return Answer(200, _wrapped(getattr(self, f"_{what}")(name, body)))
        except Answer as answer:
            return answer

    def _about_keys(self, method: str, name: str, config: bool, body: dict[str, Any]) -> None:
        if method == "LIST":
            raise (
                Answer(200, _wrapped({"keys": sorted(self.keys)}))
                if self.keys
                else Answer(404, {"errors": []})
            )
        if config:
            if name not in self.keys:
                raise Answer(400, {"errors": [f"no existing key named {name} could be found"]})
            self.keys[name].deletion_allowed = bool(body.get("deletion_allowed"))
        elif method == "POST":
            self.keys.setdefault(name, Key(body))
        elif method == "DELETE":
            if name not in self.keys or not self.keys[name].deletion_allowed:
                raise Answer(400, {"errors": [f"error deleting policy {name}: deletion is not allowed"]})
            del self.keys[name]
            raise Answer(204)
        if name not in self.keys:
            raise Answer(404, {"errors": []})
        raise Answer(200, _wrapped(self.keys[name].described(name)))

    def _encrypt(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        if name not in self.keys and self.may_create_by_encrypting:
            self.keys[name] = Key({})
        if name not in self.keys:  # the token may update, not create
            raise Answer(403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]})
        key, nonce = self.keys[name], secrets.token_bytes(12)
        plain, aad = _bytes(body, "plaintext"), _bytes(body, "associated_data")
        sealed = nonce + key.versions[-1][0].encrypt(nonce, plain, aad)
        text = f"vault:v{len(key.versions)}:{base64.b64encode(sealed).decode()}"
        return {"ciphertext": text, "key_version": len(key.versions)}

    def _decrypt(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        key = self._existing(name)
        parts = re.fullmatch(r"vault:v(\d+):(.*)", body.get("ciphertext", ""), re.DOTALL)
        if parts is None:
            raise Answer(400, {"errors": ["invalid ciphertext: no prefix"]})
        version = int(parts[1]) or 1  # as the engine does
        if version > len(key.versions):
            raise Answer(400, {"errors": ["invalid ciphertext: version is too new"]})
        try:
            sealed = base64.b64decode(parts[2])
            plain = key.versions[version - 1][0].decrypt(
                sealed[:12], sealed[12:], _bytes(body, "associated_data")
            )
        except (InvalidTag, ValueError):
            raise Answer(400, {"errors": ["cipher: message authentication failed"]}) from None
        return {"plaintext": base64.b64encode(plain).decode()}

    def _hmac(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        key = self._existing(name)
        version = body.get("key_version") or len(key.versions)
        value = hmac.digest(key.versions[version - 1][1], _bytes(body, "input"), hashlib.sha256)
        return {"hmac": f"vault:v{version}:{base64.b64encode(value).decode()}"}

    def _existing(self, name: str) -> Key:
        if name not in self.keys:
            raise Answer(400, {"errors": ["encryption key not found"]})
        return self.keys[name]

    def _listening(self, port: int) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", port), _handler_for(self))
        server.daemon_threads = True
        if self._certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self._certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server


def says(status: int, body: object) -> Callable[[BaseHTTPRequestHandler], None]:
    """Every request is answered so."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answering(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    return answering


def drips(
    seconds: float, *, head: bytes = b"", drop: bytes = b" "
) -> Callable[[BaseHTTPRequestHandler], None]:
    """A little at a time, within any time limit for a single read: of a body, or of what follows `head`."""

    def answering(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head or b"HTTP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            handler.wfile.write(drop)
            time.sleep(0.02)

    return answering


def pours(head: bytes, flood: Iterable[bytes]) -> Callable[[BaseHTTPRequestHandler], None]:
    """As fast as somebody takes it."""

    def answering(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        for each in flood:
            handler.wfile.write(each)

    return answering


def leads_elsewhere(url: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """What a standby node may say; the token must not follow."""

    def answering(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("Location", f"{url}{handler.path}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answering


def _handler_for(server: TransitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_request(self) -> None:
            try:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if server.misbehave is not None:
                    server.misbehave(self)
                    return
                token, body = self.headers.get("X-Vault-Token"), json.loads(raw) if raw else {}
                answer = server.answer(self.command, self.path, token, body)
                says(answer.status, answer.body if answer.body is not None else b"")(self)
            except ConnectionError:  # the client went away: it had waited long enough
                return

        do_GET = do_POST = do_PUT = do_DELETE = do_LIST = handle_request  # noqa: N815

        def log_message(self, format: str, *given: object) -> None:  # noqa: A002
            return

    return Handler


def _wrapped(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "request_id": secrets.token_hex(16),
        "lease_id": "",
        "renewable": False,
        "lease_duration": 0,
        "data": data,
        "wrap_info": None,
        "warnings": None,
        "auth": None,
    }


def _bytes(body: dict[str, Any], field: str) -> bytes:
    return base64.b64decode(body.get(field) or "", validate=True)
