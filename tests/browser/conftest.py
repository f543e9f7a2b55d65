"""A live server and a browser without network, for every browser test.

`visit` gives a page of a fresh browser context that fails the test at its end when the console or the content
security policy complained; `log_in` gives it a member's session without passing through the form.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.village import Village, settle

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name is looked up: pages of other programs ask for styles on the Internet, and would wait for them.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
# How long a step may take before it counts as failed, in milliseconds: a slow machine is not a wrong page.
PATIENCE = 60_000
# The browser writes this to the console itself for every answer that is meant to be one.
EXPECTED = (
    "Failed to load resource: the server responded with a status of 4",
    # htmx tells of a request that a newer one replaces; one that fails is told as htmx:sendError too.
    "htmx:afterRequest, ",
    "htmx:sendAbort, ",
)

# And this, where a test breaks the connection itself.
BROKEN = ("Failed to load resource: net::ERR_",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is a browser test."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One chromium for the run. Absent: a failure where CI=true, a skip with its reason elsewhere."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing: apt-get install chromium")
        pytest.skip("chromium is missing: apt-get install chromium")
    # Playwright runs an event loop in this thread; Django would then refuse the database calls of fixtures.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    """`visit(path, session=None, breaks=False, **context)`: open a path in a new browser context and give its page."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    expected = list(EXPECTED)

    def open_page(path: str = "/", session: Client | None = None, breaks: bool = False, **options: Any) -> Page:
        expected.extend(BROKEN if breaks else ())
        options.setdefault("locale", "fr-FR")
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        if session is not None:
            key = session.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [line for line in complaints if not line.startswith(tuple(expected))] == []


@pytest.fixture
def village(transactional_db: None) -> Village:
    """A community in which no page is empty."""
    return settle()
