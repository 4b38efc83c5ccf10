"""Every example page is valid HTML by html-validate, presets standard and a11y, in every language it has."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.node_packages import node_with
from tests.screens.combinations import LAYOUTS, languages_of, names_of
from tests.screens.serving import HERE
from tests.screens.stage import rendered

PLANTED = {
    "no-dup-id": '<p id="x">a</p><p id="x">b</p>',
    "element-permitted-content": "<span><div>a</div></span>",
    "text-content": '<button type="button"></button>',
    "close-order": "<p><strong>a</p></strong>",
    "no-implicit-button-type": "<button>a</button>",
    "wcag/h37": '<img src="/static/mark.svg">',
}


def _finds(folder: Path) -> list[str]:
    node = node_with(HERE, "html-validate", "html-validate, that reads every page,")
    tool = HERE / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    config = HERE / "htmlvalidate.config.mjs"
    command = [node, str(tool), "--config", str(config), "--formatter", "json", f"{folder}/*.html"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [
        f"{Path(page['filePath']).name}:{found['line']} {found['ruleId']}: {found['message']}"
        for page in json.loads(done.stdout)
        for found in page["messages"]
    ]


@pytest.mark.slow
def test_every_page_is_valid_html(tmp_path: Path) -> None:
    for layout in LAYOUTS:
        for name in names_of(layout):
            for language in languages_of(layout):
                (tmp_path / f"{name}.{language}.html").write_text(
                    rendered(name, language, ""), encoding="utf-8"
                )

    assert _finds(tmp_path) == []


def test_a_page_that_is_wrong_is_found(tmp_path: Path) -> None:
    page = rendered("intake-welcome", "nl", "")
    for rule, planted in PLANTED.items():
        name = rule.replace("/", "-")
        (tmp_path / f"{name}.html").write_text(page.replace("</main>", f"{planted}</main>"), encoding="utf-8")
    found = _finds(tmp_path)

    for rule in PLANTED:
        assert [
            line
            for line in found
            if line.startswith(f"{rule.replace('/', '-')}.html") and f" {rule}:" in line
        ], rule
