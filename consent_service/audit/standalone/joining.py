"""The one Python file outsiders get, joined from the modules of this package.

Each module may import the standard library and modules before it; its statements stand in the file as
they are, under its own docstring as a comment. `verify_source` needs no service to run.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from consent_service.audit.standalone.kinds import KINDS
from consent_service.audit.standalone.words import WRONG

FOLDER: Final = Path(__file__).parent
MODULES: Final = ("ed25519", "formats", "archive", "ids", "members", "checking", "words", "kinds", "telling")
"""In the order in which they stand in the file: each needs only those before it."""
_WORDS_HERE: Final = "/*WRONG*/{}/*END*/"
_KINDS_HERE: Final = "/*KINDS*/{}/*END*/"
_SERVICE: Final = "consent_service"
_HEAD: Final = '''#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Checks a bundle of the audit log: python3 verify.py bundle.zip

Kijkt een pakket van het logboek na. Python 3.9 of nieuwer, verder niets, en geen netwerk.
Everything is computed anew from the entries, by code that shares nothing with the service that wrote
them. Exit code 0: all of it holds. 1: something does not, and the first thing is named. 2: what was
asked cannot be done.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 9):
    sys.stderr.write("Kan niet: Python 3.9 of nieuwer is nodig. Cannot: Python 3.9 or newer is needed.\\n")
    sys.exit(2)

'''
_TAIL: Final = """

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
"""


@cache
def verify_source() -> str:
    """The text of `verify.py`."""
    trees = [(name, (FOLDER / f"{name}.py").read_text(encoding="utf-8")) for name in MODULES]
    imports = sorted({line for _, source in trees for line in _imports(source)}, key=_import_order)
    bodies = [_body(name, source) for name, source in trees]
    return _HEAD + "\n".join(imports) + "\n" + "".join(bodies) + _TAIL


@cache
def page_source() -> str:
    """The text of `verify.html`, with the words of `verify.py` for what does not hold and what happened."""
    page = (FOLDER / "verify.html").read_text(encoding="utf-8")
    for here, words in ((_WORDS_HERE, WRONG), (_KINDS_HERE, KINDS)):
        page = page.replace(here, json.dumps(words, ensure_ascii=False, indent=1).replace("<", "\\u003c"))
    return page


def readme_source() -> str:
    """The text of `README.nl.txt`."""
    return (FOLDER / "README.nl.txt").read_text(encoding="utf-8")


def _imports(source: str) -> Iterator[str]:
    """What a module needs of the standard library, one name a line."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            yield from (f"import {one.name}" for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__" and not _is_ours(node):
            yield from (f"from {node.module} import {one.name}" for one in node.names)


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _body(name: str, source: str) -> str:
    """Everything below the imports of a module, under a comment that says what it is for."""
    tree, lines = ast.parse(source), source.splitlines(keepends=True)
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    purpose = (ast.get_docstring(tree) or name).splitlines()
    said = "\n".join(f"# {line}".rstrip() for line in purpose)
    text = "".join(lines[max(node.end_lineno or 0 for node in imports) :])
    return f"\n\n# --- {name} ---\n{said}\n\n{text.strip()}\n"


def _is_ours(node: ast.ImportFrom) -> bool:
    return (node.module or "").startswith(_SERVICE)
