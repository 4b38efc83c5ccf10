"""What an import contract cannot see of the boundary around keys: attributes, sizes, and who reveals."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent_service.foundation.i18n import LOCALE_FOLDER

PACKAGE = LOCALE_FOLDER.parent
PRIMITIVES = "keyring/primitives.py"
ALLOWED_PRIMITIVES = {
    "AESGCM",
    "Argon2id",
    "Certificate",
    "Ed25519PrivateKey",
    "Ed25519PublicKey",
    "HKDFExpand",
    "InvalidKey",
    "InvalidSignature",
    "InvalidTag",
    "MLKEM768PrivateKey",
    "MLKEM768PublicKey",
    "X25519PrivateKey",
    "X25519PublicKey",
    "hashes",
    "hmac",
    "hpke",
    "load_pem_x509_certificates",
}
INSIDE = {
    "_material",
    "_provider",
    "_unwrapped",
    "data_key",
    "derived",
    "material",
    "rotation",
    "tenant_material",
}
"""Names by which a key ring's inside would be reached; no import is needed for that."""
ROTATING = {
    "app/installation.py",  # destroys again at start what came back
    "cli/keys_status.py",  # counts the living generations
    "cli/opening.py",  # says why the keystore does not fit the database
    "custody/epochs.py",
    "custody/key_choice.py",  # looks whether a key opens
    "custody/restoring.py",
    "custody/verifying.py",
    "demo/story/erasure.py",  # shows that a copy of a destroyed key does not open
}
LOADING_BY_NAME = {
    "demo/story/engines.py",  # a PostgreSQL that is installed for development only
    "migrations/schema.py",  # the tables of every package
}
"""Where a module is imported by a name that an import contract cannot read."""
REVEALING = {
    "audit/bundle_file.py",  # whoever the bundle is for gets the view key that finds her entries
    "cli/recovery_words.py",  # one holder at a time reads his words
    "custody/shares.py",  # the recovery seed becomes words on sheets
    "custody/sheets.py",
    "demo/state.py",  # the passphrase of the demo's own keystore is written beside it
}


def _reached(source: str) -> set[str]:
    """The inside names a module asks of something else than itself, as an attribute or by its name."""
    return {name for node in ast.walk(ast.parse(source)) for name in _asked(node) if name in INSIDE}


def _asked(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from node.value.split(".")  # getattr, attrgetter, vars and all the others take the name as text
    if isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id == "self"):
        yield node.attr


def _loads_by_name(source: str) -> bool:
    """Whether a module can import, or run, what stands in a text."""
    tree = ast.parse(source)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    loaders = {"importlib", "importlib.util", "pkgutil", "runpy", "builtins"}
    return bool(names & {"__import__", "eval", "exec"} or imported & loaders)


def _reveals(source: str) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr == "reveal" for node in ast.walk(ast.parse(source))
    )


def _imported(source: str) -> set[str]:
    return {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cryptography")
        for alias in node.names
    }


def _outside_the_ring() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith("keyring/"):
            yield name, path.read_text()


def test_nothing_outside_the_key_ring_reaches_into_it() -> None:
    reaching = {name: found for name, source in _outside_the_ring() if (found := _reached(source))}
    assert reaching == {name: {"rotation"} for name in ROTATING}


def test_modules_are_imported_by_a_computed_name_in_exactly_these_places() -> None:
    assert {name for name, source in _outside_the_ring() if _loads_by_name(source)} == LOADING_BY_NAME


def test_bytes_of_a_secret_are_taken_out_in_exactly_these_places() -> None:
    assert {name for name, source in _outside_the_ring() if _reveals(source)} == REVEALING


@pytest.mark.parametrize(
    "planted",
    [
        "ring.material.check()",
        "self._ring.material",
        "x = ring._provider",
        "services.installation.ring.material",
        "ring.rotation.generations()",
        "self._ring.rotation",
        'getattr(ring, "material")',
        'operator.attrgetter("ring.rotation")(installation)',
        'vars(ring)["_provider"]',
        'ring.__getattribute__("_material")',
    ],
)
def test_a_planted_reach_is_seen(planted: str) -> None:
    assert _reached(planted)
    assert not _reached("self._provider.check()")
    assert not _reached('"""How rotation and material are told apart."""')


@pytest.mark.parametrize(
    "planted",
    [
        'import importlib\nimportlib.import_module("consent_service.keyring." + "recovery")',
        "from importlib import import_module",
        "import importlib.util",
        "import importlib as something",
        "import runpy",
        "import pkgutil",
        "import builtins",
        '__import__("consent_service.keyring.recovery")',
        'exec("from consent_service.keyring import recovery")',
        'eval("ring.material")',
    ],
)
def test_a_planted_import_by_a_computed_name_is_seen(planted: str) -> None:
    assert _loads_by_name(planted)
    assert not _loads_by_name("from importlib.metadata import version\nimport re\nre.compile('')")


def test_a_planted_reveal_is_seen() -> None:
    assert _reveals("print(key.reveal())")
    assert not _reveals("print(key)")


def test_the_module_of_primitives_is_short_and_takes_these_only() -> None:
    source = (PACKAGE / PRIMITIVES).read_text()
    assert len(source.splitlines()) <= 300
    assert _imported(source) == ALLOWED_PRIMITIVES
    assert "import cryptography" not in source


def test_no_other_module_takes_anything_of_the_library() -> None:
    taking = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if _imported(path.read_text()) or "import cryptography" in Path(path).read_text()
    }
    assert taking == {PRIMITIVES}
