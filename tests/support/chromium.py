"""The real browser of the tests: Debian's chromium, axe, screenshots, and in which themes and widths pages are looked at."""

from __future__ import annotations

import os
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

SCREENSHOTS = Path(__file__).parents[2] / "build/screenshots"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
# Each theme and each width once, with RENLING_LOOKS=all every pair. The style sheet has no rule for a theme at a width (a
# test holds that), so a pair shows nothing that its halves do not. axe takes seconds a page: by default it sees each page in
# one of the two looks, half of the pages in either; photographs are for people, and taken with every pair.
PAIRS = (("light", 390), ("dark", 1200), ("light", 1200), ("dark", 390))
ALL = os.environ.get("RENLING_LOOKS") == "all"
LOOKS = PAIRS if ALL else PAIRS[:2]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Skips the test where there is none; in CI that is a failure."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        told = "no chromium on this machine: apt-get install chromium fonts-noto-cjk"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(told)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and whatever goes wrong on it: errors of scripts, refusals of the content policy, failed requests."""
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return page, wrong


def violations(page: Page) -> list[str]:
    results: dict[str, Any] = Axe().run(page, options={"runOnly": list(RULES), "resultTypes": ["violations"]}).response
    assert results["passes"], "axe looked at nothing"
    return [f"{v['id']}: {node['html'][:200]}" for v in results["violations"] for node in v["nodes"]]


def photographed(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def looked_at(page: Page, name: str) -> None:
    """The page keeps within the screen, with all that unfolds unfolded, and axe finds nothing. `name`: the page's, then its
    look where it is seen in several."""
    if ALL:
        photographed(page, name)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    screen = page.viewport_size
    assert screen
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"], f"{name} is wider than the screen"
    if ALL or _turn(name, screen["width"]):
        assert violations(page) == [], name


def _turn(name: str, width: int) -> bool:
    """Whether axe sees the page in this look; always where there is no other."""
    page, looks = re.subn(r"[_-](light|dark|390|1200)\b|[_-](light|dark|390|1200)(?=[_-])", "", name)
    return looks < 2 or (zlib.crc32(page.encode()) % 2 == 0) == (width == 390)
