"""Every page: no barrier for anybody in either theme, nothing sideways on a phone, no complaint of the browser.

A page is loaded once. The dark theme changes its colours and nothing else, so only what sees colours looks at it again.

The fixture `visit` fails a test whose page the console or the content security policy complained about.
"""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page

from iocmarket.vetting.charters import publish_charter
from tests.browser.conftest import Visit
from tests.browser.eyes import barriers, faint, overflow
from tests.browser.village import Village, session_of

WIDTHS = (320, 390, 768)
MACHINES = ("accounts/", "api/v1", "feeds", "public", "taxii2")
MISP = "misp-"
"""How the routes of MISP's paths are named; some lie beside pages of ours."""


def found_wrong(page: Page, paths: dict[str, str]) -> dict[str, object]:
    """Per page: its barriers in both themes, and by how much it is too wide on each narrow screen, all unfolded."""
    wrong: dict[str, object] = {}
    for name, path in paths.items():
        page.set_viewport_size({"width": 1440, "height": 900})
        answer = page.goto(path)
        if answer is None or answer.status != 200:
            wrong[f"{name}: answer"] = answer and answer.status
        page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
        if lines := barriers(page):
            wrong[f"{name}: barriers"] = lines
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        if lines := faint(page):
            wrong[f"{name}: colours in the dark"] = lines
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if over := overflow(page):
                wrong[f"{name}: overflow at {width}"] = over
    return wrong


@pytest.mark.parametrize("part", range(4))
def test_the_pages_of_a_member(visit: Visit, village: Village, part: int) -> None:
    page = visit("/", village.session)
    paths = dict(list(village.paths.items())[part::4])
    assert found_wrong(page, paths) == {}


def test_no_barrier_on_a_phone(visit: Visit, village: Village) -> None:
    page = visit("/", village.session, viewport={"width": 390, "height": 800})
    wrong = {}
    for name in ("home", "search", "value", "share", "shared", "tokens", "applications"):
        page.goto(village.paths[name])
        if lines := barriers(page):
            wrong[name] = lines
    assert wrong == {}


def test_the_pages_of_somebody_who_waits(visit: Visit, village: Village) -> None:
    page = visit("/", session_of(village.applicant))
    paths = {"waiting": "/account/waiting", "help": "/help", "accessibility": "/accessibility", "api": "/api/docs"}
    assert found_wrong(page, paths) == {}


def test_the_pages_of_everybody(visit: Visit, village: Village) -> None:
    page = visit("/accounts/login")
    paths = {
        "log in": "/accounts/login",
        "sign up": "/accounts/signup",
        "reset": "/accounts/password/reset",
        "reset sent": "/accounts/password/reset/done",
        "letter sent": "/accounts/confirm-email/",
        "dead link": "/accounts/confirm-email/dead/",
        "dead reset": "/accounts/password/reset/key/1-dead/",
        "institutions": "/accounts/sso/",
        "reset done": "/accounts/password/reset/key/done/",
        "invitation": village.invitation,
        "help": "/help",
        "accessibility": "/accessibility",
        "privacy": "/privacy",
        "erased": "/account/data/erased",
        "api": "/api/docs",
        "charter": "/charter",
    }
    assert found_wrong(page, paths) == {}


def test_the_charter_before_it_is_accepted(visit: Visit, village: Village) -> None:
    for text in ("Avant.", "# Titre\n\nUn texte.\n\n- un engagement\n- un autre"):
        publish_charter(text_fr=text, text_en=text, by=village.manager)
    page = visit("/", session_of(village.reader))
    assert found_wrong(page, {"charter": "/charter", "charter-version": "/charter/1"}) == {}


def test_every_page_of_the_program_is_looked_at(village: Village) -> None:
    """A page that is added without being listed here fails."""
    pages = {
        name
        for name, path in routes(get_resolver())
        if not path.lstrip("^").startswith(MACHINES) and not name.startswith(MISP)
    }
    looked = {"home", "search", "indicator", "share", "shared", "withdraw", "tokens", "applications", "waiting"}
    looked |= {"members", "confirmation", "departure", "erasure", "institution", "institution-erase", "invitation"}
    foot = {"help", "accessibility", "status", "api-docs"}
    looked |= {"candidates", "vetting-rules", "charter", "charter-version", "charter-publish"}
    acts = {"token-revoke", "application-decide", "preference", "healthz", "readyz", "alert-seen"}
    acts |= {"invite", "invitation-resend", "invitation-revoke", "member-role", "member-sessions", "member-remove"}
    acts |= {f"institution-{act}" for act in ("suspend", "reinstate", "leave", "merge")}
    looked.add("socialaccount_connections")
    acts |= {"sso-disconnect"}
    looked |= {"own-data", "journal", "account", "second-factor"}
    foot = {"help", "accessibility", "privacy", "erased", "status", "api-docs"}
    acts |= {"own-data-export", "institution-export", "own-data-erase"}
    acts |= {"journal-export", "session-end", "sessions-end", "report-sighting", "retract-sighting", "share-progress"}
    looked |= {"circles", "circle", "assets", "assets-queue"}
    acts |= {"circle-answer", "circle-act", "asset-check", "asset-remove", "asset-decide"}
    acts |= {"candidate-vouch", "candidate-withdraw", "charter-accept", "question-answer"}
    looked |= {"token-mail", "subscriptions", "subscription", "transfers", "webhooks", "webhook"}
    acts |= {"token-rotate", "token-feed-key", "token-mail-revoke", "subscription-act", "transfer-act"}
    looked |= {"evidence", "evidence-case", "evidence-keys", "evidence-records"}
    looked |= {"evidence", "evidence-case", "evidence-keys", "evidence-propose"}
    acts |= {"evidence-act"}
    acts |= {"webhook-act", "webhook-resend"}
    acts |= {"partner-switches", "partner-agreement", "partner-end", "partner-token"}
    acts |= {"partner-token-rotate", "partner-token-revoke"}
    looked |= {"withdraw-submission", "review"}
    acts |= {"warning-list-choice", "warning-list-exception", "stolen-account-done", "review-decide"}
    looked |= {"partners", "partner", "warning-lists", "stolen-accounts"}
    looked |= {"tools", "tool", "tool-new", "tools-policy"}
    acts |= {"tool-access", "tool-try", "tool-delete"}
    assert pages == looked | foot | acts


def routes(resolver: URLResolver, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            found.append((pattern.name or path, path))
        else:
            found += routes(pattern, path)
    return found
