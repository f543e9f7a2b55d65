"""Members may write anything: it is shown as text, runs nothing and fetches nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from iocmarket.accounts.models import Institution, Member
from iocmarket.indicators.models import Contribution, Report
from tests.browser.conftest import Visit
from tests.browser.village import Village
from tests.factories import publish, tell

PAYLOADS = [
    "<script>document.title='taken'</script>",
    "<img src=x onerror=document.title='taken'>",
    "\"><svg onload=document.title='taken'>",
    "'-document.title='taken'-'",
    "</textarea><iframe srcdoc=\"<script>parent.document.title='taken'</script>\">",
    "{{ 7|add:7 }}{% now 'Y' %}${7*7}",
    "javascript:document.title='taken'",
    "\u202egnp.exe\u2066 <b hx-get=/search hx-trigger=load>x</b>",
]


def untouched(page: Page, requested: list[str]) -> None:
    page.wait_for_timeout(200)
    assert "taken" not in page.title()
    assert page.locator("main :is(script, iframe, img, object, [onload], [onerror], [srcdoc])").count() == 0
    assert page.locator("main [hx-get], main a[href^=javascript]").count() == 0
    own = page.url.split("/", 3)[2]
    assert [url for url in requested if url.split("/", 3)[2] != own] == []


@pytest.fixture(params=PAYLOADS, ids=range(len(PAYLOADS)))
def payload(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_members_wrote_is_text_on_every_page(visit: Visit, village: Village, payload: str) -> None:
    report = Report.objects.create(institution=village.meriane, title=payload)
    said = Contribution.unscoped.get(indicator=village.value.indicator, institution=village.meriane)
    Contribution.unscoped.filter(pk=said.pk).update(comment=payload, tags=[payload[:100]], report=report)
    Institution.objects.filter(pk=village.meriane.pk).update(name=payload)
    Member.objects.filter(pk=village.manager.pk).update(name=payload)
    Member.objects.filter(pk=village.applicant.pk).update(name=payload, why=payload)
    tell(said)
    publish()
    page = visit("/", village.session)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    for path in ["/", village.paths["value"], "/members/applications", "/share", "/account/tokens", "/search?q=faux"]:
        page.goto(path)
        untouched(page, requested)
    page.goto(village.paths["value"])
    shown = page.locator(".statement", has=page.locator(".statement-text")).all_inner_texts()
    assert any(payload.split("\u2066", maxsplit=1)[0].strip("\u202e")[:40] in text for text in shown)


def test_what_is_pasted_and_searched_is_text(visit: Visit, village: Village, payload: str) -> None:
    page = visit("/share", village.session)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.get_by_role("textbox", name="Texte collé").fill(f"185.220.103.7\n{payload}\nhttp://faux.top/{payload}")
    page.locator("#lines tbody tr").first.wait_for()
    untouched(page, requested)
    page.goto("/search")
    page.locator("#q").fill(payload)
    page.keyboard.press("Enter")
    page.locator("main h1").wait_for()
    untouched(page, requested)
    assert page.locator("#q").input_value() == payload or page.locator(".verdict").count() == 1
