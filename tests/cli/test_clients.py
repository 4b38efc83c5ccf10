"""Machine clients by commands: added with a key file, changed over, ended; every mistake said at once."""

from __future__ import annotations

import json
import re

from tests.cli.conftest import Shell, onboard
from tests.identity import asking as a


def key_file(shell: Shell, name: str, text: str) -> str:
    path = shell.folder / f"{name}.json"
    path.write_text(text)
    return str(path)


def test_a_system_is_added_changes_its_key_and_is_ended(shell: Shell) -> None:
    onboard(shell)
    first = key_file(shell, "first", a.public(a.ec_key()))
    second = key_file(shell, "second", a.public(a.rsa_key()))
    scopes = ("--scope", "log:read", "--scope", "schools:read")
    said = shell.must("client", "add", "--name", "log-auditor", "--key", first, *scopes)
    found = re.search(r"client_id +(\S+)", said)
    assert found is not None
    client = found[1]
    assert client.endswith(".log-auditor")
    assert "/v1/token" in said
    assert "client (ES256)" in said

    assert "--drop" in shell.must("client", "rotate", "--id", client, "--key", second)
    listed = shell.must("client", "list")
    assert client in listed
    assert "log:read schools:read" in listed
    assert "client client-rsa" in listed
    shell.must("client", "rotate", "--id", client, "--drop", "client")
    shell.must("client", "end", "--id", client)
    assert shell.type("client", "end", "--id", client).err.startswith("--id: Dit systeem")
    assert "OK: Opvang Zuid" in shell.must("audit", "verify")


def test_what_is_wrong_with_a_system_or_its_key_is_said_at_once(shell: Shell) -> None:
    onboard(shell)
    good = key_file(shell, "good", a.public(a.ec_key()))
    secret = key_file(shell, "secret", json.dumps(a.ec_key().as_dict(private=True)))
    said = shell.type("client", "add", "--name", "Noor de Vries", "--key", secret, "--scope", "log:read")
    assert said.code == 2
    assert "--name: De codenaam" in said.err
    assert "--key: In dit bestand staat een geheime sleutel" in said.err
    missing = shell.type("client", "add", "--scope", "children:read")
    assert all(name in missing.err for name in ("--name", "--key", "--scope"))
    add = ("client", "add", "--name", "log-auditor", "--scope", "log:read", "--key")
    shell.must(*add, good)
    assert "--name: Deze codenaam is of was" in shell.type(*add, good).err
    bytes_only = shell.folder / "bytes.json"
    bytes_only.write_bytes(b"\xff\xfe")
    assert "--key: Dit is geen JWK" in shell.type(*add, str(bytes_only)).err
    (client,) = re.findall(r"\S+\.log-auditor", shell.must("client", "list"))
    assert "--key: Geef --key" in shell.type("client", "rotate", "--id", client).err
    assert "--key: Deze sleutel" in shell.type("client", "rotate", "--id", client, "--key", good).err
    assert "--key: Deze sleutel" in shell.type("client", "rotate", "--id", client, "--drop", "client").err
