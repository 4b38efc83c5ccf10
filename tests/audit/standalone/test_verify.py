"""The one Python file outsiders get refuses every tampered bundle, and shares nothing with the service."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service.audit.checkpoint import verifier_key
from consent_service.audit.standalone import telling
from consent_service.audit.standalone.archive import Archive, tile_path
from consent_service.audit.standalone.checking import Known, check_bundle
from consent_service.audit.standalone.ed25519 import ORDER, is_signed
from consent_service.audit.standalone.formats import Refused
from consent_service.audit.standalone.joining import MODULES, page_source, verify_source
from consent_service.audit.standalone.kinds import KINDS
from consent_service.audit.standalone.words import ASKED_WRONGLY, MONTHS, TOLD, WRONG
from consent_service.foundation.i18n import translator
from consent_service.keyring.primitives import new_signing_key, sign, signature_fits
from consent_service.web.officer.wording import EVENTS
from tests.audit.standalone.forging import MOTHER, Signer, a_forge, zipped
from tests.audit.standalone.tampering import tampered_bundles

RFC_8032 = [  # section 7.1: public key, message, both halves of the signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac",
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]  # fmt: skip


def _said(bundle: bytes, folder: Path, known: Known | None = None) -> str:
    path = folder / "bundle.zip"
    path.write_bytes(bundle)
    try:
        archive = Archive(path)
        try:
            check_bundle(archive, known or Known())
        finally:
            archive.close()
    except Refused as refused:
        return refused.code
    return "good"


def test_every_tampered_bundle_is_refused_for_what_is_wrong(tmp_path: Path) -> None:
    cases = tampered_bundles()

    assert {case.name: _said(case.bundle, tmp_path) for case in cases} == {
        case.name: case.code for case in cases
    }
    assert len(cases) > 80


def test_a_log_with_three_levels_of_tiles_is_proved(tmp_path: Path) -> None:
    """Of 65,900 entries, written without the service's slower hand."""
    forge = a_forge(extra=2)
    second, template = forge.logs[1], forge.logs[1].leaves[-1].decode()
    own = second.ids[-1]
    for at in range(65_900 - len(second.leaves)):
        entry = f"{own[:14]}7{at % 1000:03d}-8000-{at:012d}"
        second.leaves.append(template.replace(own, entry).encode())
        second.ids.append(entry)

    assert _said(zipped(forge.members().items()), tmp_path) == "good"
    members = forge.members()
    members["logs/2/tile/2/000.p/1"] = b"x" * 32
    assert _said(zipped(members.items()), tmp_path) == "tile_differs"
    members = forge.members()
    members["logs/2/tile/1/000"] = b"x" * 32 + members["logs/2/tile/1/000"][32:]
    assert _said(zipped(members.items()), tmp_path) == "tile_differs"
    assert tile_path(1234067, 256) == "x001/x234/067"
    assert tile_path(273, 112) == "273.p/112"


def test_each_reason_that_lies_in_a_bundle_is_met_in_the_table() -> None:
    met = {case.code for case in tampered_bundles()} - {"good"}
    known = {"pin_foreign", "pin_unsigned", "pin_differs", "pin_beyond", "receipt_differs", "key_unknown"}

    assert (met - ASKED_WRONGLY) | known | {"witness_missing"} == WRONG.keys() - ASKED_WRONGLY


@settings(max_examples=60)
@given(at=st.integers(0), bit=st.integers(0, 7))
def test_no_single_bit_can_be_changed(tmp_path: Path, at: int, bit: int) -> None:
    """Not even in what is only there to read; the two bytes per member that hold its time say nothing."""
    bundle = bytearray(_small())
    at %= len(bundle)
    bundle[at] ^= 1 << bit

    said = _said(bytes(bundle), tmp_path)

    assert said != "good" or _is_idle(_small(), at)


@settings(max_examples=60)
@given(junk=st.binary(max_size=400), at=st.integers(0))
def test_junk_is_refused_by_name(tmp_path: Path, junk: bytes, at: int) -> None:
    small = _small()
    at %= len(small)

    assert _said(junk, tmp_path) == "not_a_bundle"
    assert _said(small[:at] + junk, tmp_path) in {"zip_malformed", "not_a_bundle"} | (
        {"good"} if junk == small[at:] else set()
    )


_kept: list[bytes] = []


def _small() -> bytes:
    if not _kept:
        _kept.append(zipped(a_forge(extra=2).members().items()))
    return _kept[0]


def _is_idle(bundle: bytes, at: int) -> bool:
    """Whether this byte is a version, a date or an attribute of a member, which nobody reads."""
    local, central = bundle.rfind(b"PK\x03\x04", 0, at + 1), bundle.rfind(b"PK\x01\x02", 0, at + 1)
    if central > local:
        return at - central in {4, 5, 6, 7, 12, 13, 14, 15, *range(36, 42)}
    return at - local in {4, 5, 10, 11, 12, 13}


# --- the joined file ----------------------------------------------------------------------------------------


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As an outsider runs it: without the service, without anybody's packages."""
    file = folder / "verify.py"
    file.write_text(verify_source(), encoding="utf-8")
    command = [sys.executable, "-I", "-S", "-W", "error", str(file), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_the_file_runs_alone_and_tells_what_it_proved(tmp_path: Path) -> None:
    forge = a_forge()
    (tmp_path / "bundle.zip").write_bytes(zipped(forge.members().items()))
    size = len(forge.logs[0].leaves)

    done = _run(tmp_path, "bundle.zip")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("GOED.")
    assert (
        f"openssl ts -verify -in logs/1/timestamps/{size}.tsr -data logs/1/checkpoints/{size}" in done.stdout
    )
    assert "getuige witness.example.org tekende" in done.stdout
    assert "Met het merk van de inzagesleutel: 3, waarvan 3 geopend." in done.stdout
    assert "Regels over het logboek zelf, geopend voor iedereen: 2." in done.stdout
    assert "1 september 2026 08:00:03 UTC" in done.stdout
    assert "Sleutel van het logboek vervangen (log.key_rotated.v1)" in done.stdout
    assert "begonnen toen de database uit een reservekopie werd teruggezet" in done.stdout
    assert "gesloten waren" not in done.stdout
    assert "GOOD." in _run(tmp_path, "bundle.zip", "--language", "en").stdout


def test_whoever_reads_may_stop_and_what_cannot_be_asked_is_told_in_one_language(tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(_small())
    (tmp_path / "verify.py").write_text(verify_source(), encoding="utf-8")
    command = [sys.executable, "-I", "-S", "-W", "error", "verify.py", "bundle.zip"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        assert (done.stderr.read(), done.wait()) == (b"", 0)
    asked = [sys.executable, "verify.py", "bundle.zip", "--log-key", "x"]
    told = subprocess.run(
        asked, cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False
    )
    assert (told.returncode, told.stderr) == (2, b"")
    assert "required" not in _run(tmp_path).stdout
    assert "required" in _run(tmp_path, "--language=en").stdout


def test_what_is_not_opened_or_was_closed_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also when somebody took the content out, or changed what the table of contents says."""
    path, forge = tmp_path / "bundle.zip", a_forge(extra=2)
    members = forge.members()
    for name in [one for one in members if forge.logs[0].ids[1] in one]:
        del members[name]
    path.write_bytes(zipped(members.items()))
    assert telling.main([str(path)]) == 0
    told = capsys.readouterr().out
    assert "3, waarvan 2 geopend" in told
    assert f"{forge.logs[0].ids[1]}  (niet geopend)" in told
    assert "(dat zegt de inhoudsopgave, die niet getekend is)" in told

    closed = forge.entry(forge.logs[1], subject=MOTHER, opened=True)
    assert b'"hidden":false' in forge.members()["bundle.json"]
    path.write_bytes(zipped(forge.members().items()))
    assert telling.main([str(path), "--log-key", _key_of(forge.logs[1].keys[0])]) == 0
    told = capsys.readouterr().out
    assert closed in told
    assert "gesloten waren" in told
    assert told.count("geen van de sleutels die u meegaf") == 1


def _key_of(signer: Signer) -> str:
    return verifier_key(signer.name, signer.public)


def test_entries_are_called_what_the_pages_of_the_service_call_them() -> None:
    assert {code: nl for code, (nl, _) in KINDS.items()} == dict(EVENTS)
    assert {code: en for code, (_, en) in KINDS.items()} == {
        code: translator("en").text(nl) for code, nl in EVENTS.items()
    }


def test_what_is_lost_or_vouched_for_by_nobody_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle.zip"
    told = {}
    for case in [case for case in tampered_bundles() if case.code == "good"]:
        path.write_bytes(case.bundle)
        assert telling.main([str(path)]) == 0
        told[case.name] = capsys.readouterr().out
    assert "4992 regels van dit logboek gingen verloren" in told["put back"]
    assert "40 regels nagerekend, 256 niet meer bewaard" in told["pruned"]
    assert "log.key_rotated.v1" in told["pruned"]
    assert "log.reopened.v1" in told["the second log pruned"]


def test_the_file_ends_with_1_for_a_bad_bundle_and_2_for_a_bad_question(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(b"no bundle")
    (tmp_path / "cut.zip").write_bytes(_small()[:-100])
    (tmp_path / "pin").write_bytes(b"x")

    said = {
        ("bundle.zip",): (2, "not_a_bundle"),
        ("cut.zip",): (1, "zip_malformed"),
        ("nowhere.zip",): (2, "unreadable"),
        (): (2, "usage"),
        ("bundle.zip", "--no-such-thing"): (2, "usage"),
    }
    for arguments, (code, reason) in said.items():
        done = _run(tmp_path, *arguments)
        assert (done.returncode, done.stderr) == (code, ""), done
        assert f"[{reason}]" in done.stdout


def test_the_file_needs_the_standard_library_only_and_reads_as_python_3_9() -> None:
    tree = ast.parse(verify_source(), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]

    assert imported <= sys.stdlib_module_names
    assert not imported & {"socket", "urllib", "http", "ssl", "subprocess"}
    assert len(set(defined)) == len(defined)
    assert "consent_service" not in verify_source()
    assert len(MODULES) == len(set(MODULES))


def test_everything_that_is_said_is_said_in_both_languages() -> None:
    for words in (*WRONG.values(), *TOLD.values(), *KINDS.values(), *MONTHS):
        assert len(words) == 2
        assert all(words)
    assert "/*WRONG*/" not in page_source()
    assert all(f'"{code}"' in page_source() for code in WRONG)


# --- what whoever checks knows from elsewhere ---------------------------------------------------------------


def test_what_is_known_from_elsewhere_must_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forge, stranger = a_forge(extra=2), a_forge(extra=2)
    first = forge.logs[0]
    (tmp_path / "bundle.zip").write_bytes(zipped(forge.members().items()))
    root = first.note(3).decode().splitlines()[2]
    witness, log_key = forge.contents()["witnesses"], forge.logs[0].keys[0]
    assert isinstance(witness, list)

    def pin(content: bytes) -> tuple[str, str]:
        path = tmp_path / f"pin-{hashlib.sha256(content).hexdigest()[:8]}"
        path.write_bytes(content)
        return "--pin", str(path)

    def view(content: bytes) -> tuple[str, str]:
        path = tmp_path / f"view-key-{len(content)}"
        path.write_bytes(content)
        return "--view-key", str(path)

    cases: list[tuple[tuple[str, ...], str]] = [
        (("--receipt", "3", root), ""),
        (("--receipt", "0", hashlib.sha256(b"").hexdigest()), ""),
        (pin(first.note(4)), ""),
        (pin(first.note(4).partition(b"\n\n")[0] + b"\n"), ""),
        (("--log-key", verifier_key(log_key.name, log_key.public)), ""),
        (("--witness", witness[0]), ""),
        (view(b"A" * 43 + b"\n"), ""),
        (("--receipt", "2", root), "receipt_differs"),
        (("--receipt", "9999", root), "receipt_differs"),
        (pin(stranger.logs[0].note(4)), "pin_unsigned"),
        (pin(f"{first.origin}\n2\n{root}\n".encode()), "pin_differs"),
        (pin(f"{first.origin}\n3000\n{root}\n".encode()), "pin_beyond"),
        (pin(f"elsewhere\n3\n{root}\n".encode()), "pin_foreign"),
        (("--log-key", verifier_key(log_key.name, b"k" * 32)), "key_unknown"),
        (("--witness", stranger.contents()["witnesses"][0]), "witness_missing"),  # type: ignore[index]
        (pin(b"nothing"), "asked_pin"),
        (pin(b"\xff"), "asked_pin"),
        (("--pin", str(tmp_path)), "unreadable"),
        (("--receipt", "three", root), "asked_receipt"),
        (("--receipt", "3", "AAAA"), "asked_receipt"),
        (("--log-key", "nothing"), "asked_key"),
        (("--witness", verifier_key(log_key.name, log_key.public)), "asked_key"),
        (view(b"short"), "asked_view_key"),
    ]
    for arguments, code in cases:
        ended = telling.main([str(tmp_path / "bundle.zip"), *arguments])
        told = capsys.readouterr().out
        expected = 0 if not code else 2 if code in ASKED_WRONGLY else 1
        assert (ended, f"[{code}]" in told or not code) == (expected, True), (arguments, told)


# --- Ed25519 -----------------------------------------------------------------------------------------------


def test_the_vectors_of_rfc_8032_fit() -> None:
    for vector in RFC_8032:
        public, message, first, second = map(bytes.fromhex, vector)
        assert is_signed(public, message, first + second)
        assert not is_signed(public, message + b".", first + second)


@settings(max_examples=30)
@given(message=st.binary(max_size=100), at=st.integers(0, 127), bit=st.integers(0, 7))
def test_it_agrees_with_the_library_on_good_and_broken_signatures(message: bytes, at: int, bit: int) -> None:
    private, public = new_signing_key()
    signature = sign(private, message)
    broken = bytearray(public + signature)
    broken[at % len(broken)] ^= 1 << bit
    other, changed = bytes(broken[:32]), bytes(broken[32:])

    assert is_signed(public, message, signature)
    assert is_signed(other, message, changed) == signature_fits(other, message, changed) is False


def test_signatures_that_fit_by_malleability_or_a_weak_key_are_refused() -> None:
    private, public = new_signing_key()
    signature = sign(private, b"m")
    scalar = int.from_bytes(signature[32:], "little")
    neutral = (1).to_bytes(32, "little")
    weak = neutral + bytes(32)

    assert not is_signed(public, b"m", signature[:32] + (scalar + ORDER).to_bytes(32, "little"))
    assert not is_signed(neutral, b"m", weak)
    assert not is_signed(public, b"m", weak)
    assert not is_signed((2**255 - 19 + 1).to_bytes(32, "little"), b"m", weak)
    assert not is_signed((1 | 1 << 255).to_bytes(32, "little"), b"m", weak)
    assert not is_signed(public, b"m", signature[:63])
    assert not is_signed(public[:31], b"m", signature)
