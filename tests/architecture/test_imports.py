"""The import contracts of pyproject.toml hold, and each is seen to fail on a planted violation."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from consent_service.foundation.i18n import LOCALE_FOLDER

CHECKOUT = LOCALE_FOLDER.parent.parent
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"

ORDER = """
    __main__ > cli > demo > app > web | api > rights > process > custody > release > records > policy
    > consent > families | information > organisations > identity > audit > keyring > foundation
"""

_MATERIAL = {
    "consent_service.keyring.material",
    "consent_service.keyring.rotation",
    "consent_service.keyring.service",
    "consent_service.keyring.type_keys",
}
_PROVIDERS = {
    "consent_service.app.starting",
    "consent_service.cli.keys",
    "consent_service.demo.state",
    "consent_service.keyring.material",
    "consent_service.keyring.providers.**",
    "consent_service.keyring.recovery",
    "consent_service.keyring.rotation",
    "consent_service.keyring.service",
}

PROTECTED = {
    "consent_service.records.opening": {
        "consent_service.custody.drill",
        "consent_service.custody.proving",
        "consent_service.custody.reencrypt",
        "consent_service.release",
        "consent_service.release.**",
    },
    "consent_service.keyring.opening": {
        "consent_service.audit.details",
        "consent_service.consent.evidence",
        "consent_service.families.identity_data",
        "consent_service.identity.given_names",
        "consent_service.identity.page_address",
        "consent_service.identity.secrets",
        "consent_service.keyring.signing",
        "consent_service.organisations.identity_data",
        "consent_service.process.meetings.sealing",
        "consent_service.process.emergencies.sealed_text",
        "consent_service.process.notices.addresses",
        "consent_service.records.opening",
        "consent_service.rights.cases",
        "consent_service.rights.reviews.sealed_note",
    },
    "consent_service.keyring.data_keys": _MATERIAL,
    "consent_service.keyring.material": _MATERIAL,
    "consent_service.keyring.type_keys": {
        "consent_service.keyring.opening",
        "consent_service.records.opening",
    },
    "consent_service.keyring.providers": _PROVIDERS,
    "consent_service.keyring.providers.**": _PROVIDERS,
    "consent_service.keyring.recovery": {
        "consent_service.custody.backups",
        "consent_service.custody.drill",
        "consent_service.custody.key_choice",
        "consent_service.custody.recovery",
        "consent_service.custody.recovery_key",
        "consent_service.custody.restoring",
        "consent_service.custody.shares",
    },
    "consent_service.keyring.renewal": {
        "consent_service.custody.reencrypt",
        "consent_service.custody.reindex",
        "consent_service.families.searching",
    },
    "consent_service.keyring.rotation": {"consent_service.keyring.service"},
    "consent_service.keyring.primitives": {
        "consent_service.identity.pins",
        "consent_service.identity.secrets",
        "consent_service.keyring",
    },
    "cryptography": {"consent_service.keyring.primitives"},
    "cvc5": {"consent_service.policy.proofs.terms"},
}


def _contracts() -> dict[str, dict[str, object]]:
    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        return {
            contract["id"]: contract for contract in tomllib.load(file)["tool"]["importlinter"]["contracts"]
        }


def _lint(folder: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache", *options], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its contracts, to plant violations in."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    shutil.copytree(
        CHECKOUT / "consent_service",
        folder / "consent_service",
        ignore=shutil.ignore_patterns("static", "templates", "__pycache__"),
    )
    return folder


def test_every_import_contract_is_kept() -> None:
    code, output = _lint(CHECKOUT)

    assert code == 0, output


@pytest.mark.parametrize(
    "contract,module,line,complaint",
    [
        pytest.param(
            "order",
            "foundation/planted.py",
            "from consent_service.audit import events",
            "consent_service.foundation is not allowed to import consent_service.audit",
            id="below imports above",
        ),
        pytest.param(
            "order",
            "information/planted.py",
            "import consent_service.families.planted",
            "consent_service.information.planted -> consent_service.families.planted",
            id="side by side",
        ),
        pytest.param("order", "extra.py", "", "extra", id="a package that is no layer"),
        pytest.param(
            "records-opening",
            "web/planted.py",
            "from consent_service.records import opening",
            "consent_service.web.planted -> consent_service.records.opening",
            id="pages open records",
        ),
        pytest.param(
            "keyring-opening",
            "release/planted.py",
            "from consent_service.keyring import opening",
            "consent_service.release.planted -> consent_service.keyring.opening",
            id="release opens by itself",
        ),
        pytest.param(
            "keyring-opening",
            "identity/planted.py",
            "from consent_service.keyring.opening import open_for_person",
            "consent_service.identity.planted -> consent_service.keyring.opening",
            id="a neighbour of identity.secrets opens",
        ),
        *(
            pytest.param(
                contract,
                f"{package}/planted.py",
                f"import {made}",
                f"consent_service.{package}.planted -> {made}",
                id=f"{package} takes {made}",
            )
            for contract, package, made in (
                ("keyring-opening", "consent", "consent_service.keyring.opening"),
                ("key-material", "web", "consent_service.keyring.material"),
                ("key-material", "release", "consent_service.keyring.data_keys"),
                ("type-keys", "web", "consent_service.keyring.type_keys"),
                ("keyring-recovery", "web", "consent_service.keyring.recovery"),
                ("keyring-recovery", "custody", "consent_service.keyring.recovery"),
                ("keyring-renewal", "web", "consent_service.keyring.renewal"),
                ("keyring-rotation", "custody", "consent_service.keyring.rotation"),
                ("key-providers", "web", "consent_service.keyring.providers.file"),
                ("key-providers", "process", "consent_service.keyring.providers"),
                ("records-opening", "process", "consent_service.records.opening"),
            )
        ),
        pytest.param(
            "primitives",
            "audit/planted.py",
            "from consent_service.keyring import primitives",
            "consent_service.audit.planted -> consent_service.keyring.primitives",
            id="audit uses primitives",
        ),
        pytest.param(
            "cryptography",
            "keyring/planted.py",
            "import cryptography",
            "consent_service.keyring.planted -> cryptography",
            id="a second module speaks to cryptography",
        ),
        pytest.param(
            "solver",
            "policy/planted.py",
            "import cvc5",
            "consent_service.policy.planted -> cvc5",
            id="a second module speaks to the solver",
        ),
        pytest.param(
            "pure",
            "consent/model.py",
            "from consent_service.foundation.database import Id",
            "consent_service.consent.model is not allowed to import sqlalchemy",
            id="a model knows the database, through another module",
        ),
        pytest.param(
            "pure",
            "policy/facts.py",
            "import litestar",
            "consent_service.policy.facts is not allowed to import litestar",
            id="facts know the web",
        ),
        pytest.param(
            "pages",
            "web/planted.py",
            "from sqlalchemy import select",
            "consent_service.web is not allowed to import sqlalchemy",
            id="a page reads the database itself",
        ),
    ],
)
def test_a_planted_import_is_refused(
    copy: Path, contract: str, module: str, line: str, complaint: str
) -> None:
    package = copy / "consent_service"
    kept = {path: path.read_bytes() for path in package.rglob("*.py")}
    for target in (module, "records/opening.py", "families/planted.py", "keyring/primitives.py"):
        for path in (package / target, (package / target).parent / "__init__.py"):
            path.parent.mkdir(exist_ok=True)
            path.touch()
    (package / module).write_text(f"{line}\n")
    try:
        code, output = _lint(copy, "--contract", contract)
    finally:
        for path in package.rglob("*.py"):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)

    assert code != 0
    assert complaint in output


def test_the_order_of_packages_is_the_one_of_the_design() -> None:
    layers = _contracts()["order"]["layers"]

    assert isinstance(layers, list)
    written = " > ".join(layers).replace("(", "").replace(")", "")
    assert written == " ".join(ORDER.split())


def test_who_may_open_what_is_exactly_this_list() -> None:
    protected = {
        module: set(contract["allowed_importers"])  # type: ignore[call-overload]
        for contract in _contracts().values()
        if contract["type"] == "protected"
        for module in contract["protected_modules"]  # type: ignore[attr-defined]
    }

    assert protected == PROTECTED


def test_no_contract_has_an_exception() -> None:
    for contract in _contracts().values():
        assert "ignore_imports" not in contract
