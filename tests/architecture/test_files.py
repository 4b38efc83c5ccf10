"""What may not stand in the repository: vague modules, endless files, machine paths, bare locks."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent_service.foundation.i18n import LOCALE_FOLDER

CHECKOUT = LOCALE_FOLDER.parent.parent
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc", "base"}
MOST_LINES = 500
MOST_LINES_OF_A_FUNCTION = 40
# Machine paths, and anything that lies beside the checkout; written so that no pattern matches itself.
FORBIDDEN = re.compile(r"(?<![\w.~-])/(?:wor[k]|roo[t])/\w|[.][.]/s[h]ared")
ADDRESS = re.compile(r"https?://(?!127[.]0[.]0[.]1|localhost)[\w.-]+")
BUILD_FILES = (
    "*.lock",
    "package-lock.json",
    "package.json",
    "pyproject.toml",
    "Makefile",
    "Dockerfile",
    ".ci/*",
)


def _tracked(*patterns: str) -> list[Path]:
    """Files that are, or are about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (CHECKOUT / name for name in listed.stdout.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


def _forbidden_words(paths: list[Path], pattern: re.Pattern[str] = FORBIDDEN) -> Iterator[str]:
    for path in paths:
        text = path.read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if found := pattern.search(line):
                yield f"{path.name}:{number}: {found[0]}"


def test_no_file_names_a_path_of_one_machine_and_no_build_file_an_address() -> None:
    assert list(_forbidden_words(_tracked())) == []
    assert list(_forbidden_words(_tracked(*BUILD_FILES), ADDRESS)) == []


def test_an_address_and_a_machine_path_are_found(tmp_path: Path) -> None:
    planted = tmp_path / "package-lock.json"
    planted.write_text("fine\nhttps://registry.invalid/x\n/wo" + "rk/main/x\n")

    assert len(list(_forbidden_words([planted]))) == 1
    assert len(list(_forbidden_words([planted], ADDRESS))) == 1


def _vague(paths: list[Path]) -> list[str]:
    return [path.name for path in paths if {path.stem, path.parent.name} & VAGUE]


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert _vague(_tracked("*.py")) == []
    assert _vague([Path("consent/utils.py"), Path("core/service.py"), Path("consent/service.py")]) == [
        "utils.py",
        "service.py",
    ]


def _too_long(paths: list[Path]) -> list[str]:
    return [path.name for path in paths if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES]


def test_no_python_file_is_longer_than_a_person_reads_at_once(tmp_path: Path) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("x = 1\n" * (MOST_LINES + 1))

    assert _too_long(_tracked("*.py", ":!consent_service/migrations/versions")) == []
    assert _too_long([endless]) == ["endless.py"]


def _endless(paths: list[Path]) -> list[str]:
    """Functions and methods over the limit, with the docstring; what is nested counts for both."""
    return [
        f"{path.name}: {node.name}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or node.lineno) - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]


def test_no_function_is_longer_than_a_person_reads_at_once(tmp_path: Path) -> None:
    planted = tmp_path / "endless.py"
    body = "    x = 1\n" * MOST_LINES_OF_A_FUNCTION
    planted.write_text(f"def endless():\n{body}\n\ndef fits():\n{body.removesuffix(body[:10])}")

    ours = _tracked("consent_service/*.py", "benchmarks/*.py", ":!consent_service/migrations/versions")
    assert _endless(ours) == []
    assert _endless([planted]) == ["endless.py: endless"]


def _without_purpose(paths: list[Path]) -> list[str]:
    return [
        str(path)
        for path in paths
        if (text := path.read_text(encoding="utf-8")).strip() and ast.get_docstring(ast.parse(text)) is None
    ]


def test_every_module_says_what_it_is_responsible_for(tmp_path: Path) -> None:
    silent = tmp_path / "silent.py"
    silent.write_text("x = 1\n")

    assert _without_purpose(_tracked("consent_service/*.py")) == []
    assert _without_purpose([silent]) == [str(silent)]


def _lock_faults(text: str) -> list[str]:
    """Requirements without a hash, and lines that point at an index."""
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    faults = [line for line in body.splitlines() if "://" in line or line.startswith("-")]
    for requirement in re.split(r"\n(?=\S)", body):
        if requirement.strip() and not re.search(r"--hash=sha256:[0-9a-f]{64}", requirement):
            faults.append(requirement)
    return faults


def _pins(lock: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9-]+)==(\S+)", (CHECKOUT / lock).read_text(), re.MULTILINE)
    return dict(found)


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_carry_hashes_and_no_index_address(lock: str) -> None:
    assert _lock_faults((CHECKOUT / lock).read_text()) == []


def test_a_bare_pin_and_an_index_address_are_found() -> None:
    index = "--index-url https://example.org/simple"

    assert _lock_faults(f"{index}\nbabel==2.18.0\nclick==8.5.1 \\\n    --hash=sha256:{'0' * 64}\n") == [
        index,
        index,
        "babel==2.18.0",
    ]


def test_what_is_tested_is_what_runs() -> None:
    runtime, tested = _pins("requirements.lock"), _pins("requirements-dev.lock")

    assert runtime.items() <= tested.items()
    assert len(runtime) > 20


def test_packages_that_slow_the_start_stay_out_of_the_runtime() -> None:
    assert not {"pydantic", "advanced-alchemy"} & _pins("requirements.lock").keys()


def test_the_licence_is_whole() -> None:
    text = (CHECKOUT / "LICENSE").read_text(encoding="utf-8")

    articles = re.findall(r"^(\d+)\.[A-Z]", text, re.MULTILINE)
    assert [int(number) for number in articles] == list(range(1, 16))
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in text
    assert text.rstrip().endswith("require the production of a new EUPL version.")
