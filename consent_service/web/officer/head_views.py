"""The page on which an officer's browser checks how the log grew."""

from __future__ import annotations

from typing import ClassVar

from consent_service.web.pages import View


class HeadPage(View, frozen=True):
    """Every outcome stands in the page, hidden; the script checks and shows the one that holds.

    `place` tells the heads of several shelters apart in one browser. `file_name` has a `{size}`.
    """

    template: ClassVar[str] = "officer/head.html"
    back_href: str
    head_href: str
    keep_action: str
    file_name: str
    place: str
