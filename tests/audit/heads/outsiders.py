"""Those who vouch for heads, over real HTTP on this machine: a witness, and an authority run by openssl."""

from __future__ import annotations

import base64
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_service.audit.checkpoint import Note, read_note, verify_note
from consent_service.audit.cosignature import Cosigner, cosign, cosigner_key
from consent_service.audit.heads.witness import Witness
from consent_service.audit.merkle import verify_consistency

Reply = tuple[int, str, bytes]
"""Status, media type, body."""
SIZE = "text/x.tlog.size"


@contextmanager
def serving(reply: Callable[[str, bytes], Reply]) -> Iterator[str]:
    """The address of a server that answers each POST by what `reply` makes of its path and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, kind, answer = reply(self.path, body)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class TestWitness:
    """A witness as C2SP tlog-witness has it: cosigns what extends the largest head it cosigned before.

    `replies`, when set, are what it answers instead, one after the other; the last one stays. `logs` are
    the origins it was told of, with their keys.
    """

    __test__ = False

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.cosigner = Cosigner(name, self.key.public_key().public_bytes_raw())
        self.logs: dict[str, bytes] = {}
        self.seen: dict[str, tuple[int, bytes]] = {}
        self.asked: list[int] = []
        self.replies: list[Reply] = []
        self._now = now

    @property
    def vkey(self) -> str:
        return cosigner_key(self.cosigner.name, self.cosigner.public)

    def at(self, url: str) -> Witness:
        return Witness(self.cosigner, url)

    def answer(self, path: str, body: bytes) -> Reply:
        if self.replies:
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if path != "/submit/add-checkpoint":
            return 404, "text/plain", b""
        head, _, note = body.partition(b"\n\n")
        first, *lines = head.decode().split("\n")
        word, _, size = first.partition(" ")
        assert word == "old"
        assert str(int(size)) == size
        return self._judge(int(size), [base64.b64decode(line) for line in lines], read_note(note))

    def _judge(self, old: int, proof: list[bytes], note: Note) -> Reply:
        head = note.checkpoint
        self.asked.append(old)
        if head.origin not in self.logs:
            return 404, "text/plain", b""
        if not verify_note(note, origin=head.origin, public=self.logs[head.origin]):
            return 403, "text/plain", b""
        if old > head.size or (old == 0 and proof):
            return 400, "text/plain", b""
        size, root = self.seen.get(head.origin, (0, b""))
        if old != size or (size == head.size and root != head.root):
            return 409, SIZE, f"{size}\n".encode()
        extends = {"old": old, "size": head.size, "old_root": root, "root": head.root, "proof": proof}
        if old and not verify_consistency(**extends):  # type: ignore[arg-type]
            return 422, "text/plain", b""
        self.seen[head.origin] = (head.size, head.root)
        return 200, "text/plain", self.sign(note)

    def sign(self, note: Note) -> bytes:
        return cosign(note.body, self.cosigner, self._now(), self.key.sign)


_CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = somebody
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[stamping]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class TestAuthority:
    """A time-stamping authority: `openssl ts` behind HTTP. `reply`, when set, is what it answers instead."""

    __test__ = False

    def __init__(self, folder: Path, *, digests: str = "sha256") -> None:
        self.folder = folder
        self.asked = 0
        self.reply: Callable[[bytes], Reply] | None = None
        folder.mkdir()
        (folder / "openssl.cnf").write_text(_CONFIGURATION.format(folder=folder, digests=digests))
        (folder / "serial").write_text("01\n")
        new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config openssl.cnf"
        self._run(
            f"req -x509 {new} -keyout ca.key -out ca.pem -days 3650 -subj /CN=Root -extensions authority"
        )
        self._run(f"req -new {new} -keyout tsa.key -out tsa.csr -subj /CN=Stamping")
        self._run(
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 3650"
            " -extfile openssl.cnf -extensions stamping"
        )

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def answer(self, _path: str, body: bytes) -> Reply:
        self.asked += 1
        return self.stamped(body) if self.reply is None else self.reply(body)

    def stamped(self, query: bytes) -> Reply:
        (self.folder / "query").write_bytes(query)
        self._run("ts -reply -queryfile query -config openssl.cnf -section tsa -out reply")
        return 200, "application/timestamp-reply", (self.folder / "reply").read_bytes()

    def verifies(self, note: bytes, token: bytes) -> bool:
        """What openssl itself, the tool a court would use, says of a kept token."""
        (self.folder / "kept").write_bytes(token)
        (self.folder / "note").write_bytes(note)
        command = ["openssl", "ts", "-verify", "-data", "note", "-in", "kept", "-CAfile", "ca.pem"]
        return subprocess.run(command, cwd=self.folder, capture_output=True, check=False).returncode == 0

    def _run(self, arguments: str) -> None:
        subprocess.run(["openssl", *arguments.split()], cwd=self.folder, capture_output=True, check=True)
