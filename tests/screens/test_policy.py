"""Nothing on a page needs more than the content policy gives, and the policy gives nothing unsafe."""

from __future__ import annotations

import pytest

from consent_service.web.rendering import HERE as WEB
from consent_service.web.security import security_headers
from tests.screens.combinations import LAYOUTS, languages_of, names_of
from tests.screens.stage import rendered
from tests.web.reading import read

POLICY = "content-security-policy"
PLANTED = (
    '<p onclick="x()">a</p>',
    '<p style="color: red">a</p>',
    "<style>p { color: red }</style>",
    "<script>x()</script>",
    '<a href="javascript:x()">a</a>',
    '<iframe srcdoc="a"></iframe>',
)


def _inline(html: str) -> list[str]:
    """What runs or styles from within the page."""
    found = []
    for element in read(html).walk():
        names = [name for name in element.attributes if name in ("style", "srcdoc") or name.startswith("on")]
        found += [f"{element.tag} {name}" for name in names]
        found += [element.tag for _ in (1,) if element.tag == "style"]
        found += [f"{element.tag} runs" for v in element.attributes.values() if v.startswith("javascript:")]
        if element.tag == "script" and (element.text() or "src" not in element.attributes):
            found.append("script")
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_page_has_code_or_style_within(layout: str) -> None:
    for name in names_of(layout):
        for language in languages_of(layout):
            assert _inline(rendered(name, language, "")) == [], name


@pytest.mark.parametrize("planted", PLANTED)
def test_code_or_style_within_is_found(planted: str) -> None:
    assert _inline(rendered("intake-welcome", "nl", "").replace("</main>", f"{planted}</main>"))


@pytest.mark.parametrize("https", [True, False])
@pytest.mark.parametrize("origins", [(), ("https://login.example",)], ids=["none", "one"])
def test_the_policy_names_nothing_unsafe_and_nobody_else(origins: tuple[str, ...], https: bool) -> None:
    policy = security_headers(form_origins=origins, https=https)[POLICY]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    assert "unsafe-" not in policy
    assert "*" not in policy
    assert directives.pop("form-action").split() == ["'self'", *origins]
    assert directives.pop("require-trusted-types-for") == "'script'"
    assert set(directives.values()) <= {"'none'", "'self'"}


def test_the_pages_have_one_policy_and_the_login_of_the_demo_another() -> None:
    """Browser tests watch over the served pages: a page that the policy refuses something complains there."""
    sources = {path for path in WEB.parent.rglob("*.py") if POLICY in path.read_text(encoding="utf-8")}

    assert sources == {WEB / "security.py", WEB.parent / "demo" / "provider.py"}
    assert not [path for path in sources if "unsafe-" in path.read_text(encoding="utf-8")]
