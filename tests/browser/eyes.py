"""Looking at a page as its readers do: with a screen reader's rules, and with eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# RGAA 4.1 is WCAG 2.1, levels A and AA.
# What passes is not described, node by node: the whole of each page, brought over to be thrown away.
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]},
    "resultTypes": ["violations"],
}
COLOURS = {**RULES, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules of these tags that look at colours: all others say the same of a page in both themes."""
LOOKS = [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)]


def barriers(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.1 AA on the page as it is now: one line for each barrier, none at best."""
    return _told(page, RULES)


def faint(page: Page) -> list[str]:
    """What of it is too near to its ground in the theme that the page wears now."""
    return _told(page, COLOURS)


def _told(page: Page, options: dict[str, Any]) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window: more than 0 means scrolling sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def photograph(page: Page, folder: Path, name: str) -> list[Path]:
    """Full-page pictures in both themes, wide and narrow: `<name>-<theme>-<width>.png`."""
    taken = []
    folder.mkdir(parents=True, exist_ok=True)
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        path = folder / f"{name}-{scheme}-{width}.png"
        page.screenshot(path=path, full_page=True)
        taken.append(path)
    return taken
