"""Every text that somebody chose is markup and a template, in every row at once; then every page is asked for.

What people and machines choose is a table here. A new column fails the test until it stands in one of its two halves.
"""

from __future__ import annotations

import itertools

import pytest
from django.apps import apps
from django.db import models
from django.test import Client

from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Contribution
from iocmarket.sso.config import read_provider
from iocmarket.sso.providers import keep_provider
from tests.contract.matrix import TABLE
from tests.contract.test_matrix import filled
from tests.contract.world import World, make_world
from tests.iocmarket.sso.conftest import oidc_provider

MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>{{7777*7}}"
LIVING = (b"<img src=x", b"<script>alert", b"onerror=alert(1)>", b"54439")
CHOSEN = {
    "accounts.Institution": {"name", "contact_email", "agreement"},
    "accounts.Circle": {"name"},
    "accounts.Asset": {"value", "refusal"},
    "accounts.Member": {"email", "name", "why", "decided_reason"},
    "accounts.Invitation": {"email"},
    "accounts.Token": {"name", "last_used_client"},
    "sso.FederationProvider": {"name"},
    "vetting.Charter": {"text_fr", "text_en"},
    "vetting.Application": {"institution_name", "contact_email"},
    "vetting.Vouch": {"words"},
    "vetting.Question": {"question", "answer"},
    "listed.AddedList": {"label"},
    "subscriptions.Subscription": {"name"},
    "transfer.Transfer": {"name"},
    "evidence.Case": {"title"},
    "evidence.Archive": {"filename", "host"},
    "evidence.ArtefactState": {"path", "parser"},
    "evidence.Finding": {"location", "value", "command"},
    "profiles.FeedProfile": {"note"},
    "push.Hook": {"name"},
    "listed.Exemption": {"reason"},
    "indicators.Report": {"title", "description"},
    "indicators.Contribution": {"comment"},
    "indicators.Sighting": {"source"},
    "submissions.SubmissionItem": {"input", "detail"},
    "usersessions.UserSession": {"user_agent"},
    "socialaccount.SocialAccount": {"uid"},
}
"""By model: what is shown somewhere as somebody wrote it."""
OURS = {
    "mailbox.MailKey": {"hint"},
    "accounts.Asset": {"challenge"},
    "accounts.Member": {"password", "language"},
    "accounts.Token": {"hint", "tool", "feed"},
    "audit.Event": {"action", "subject_type", "client"},  # the client: the last test
    "sso.FederationProvider": {"slug", "protocol", "issuer", "secret"},
    "sso.FederationScope": {"value"},
    "indicators.Indicator": {"type", "value", "reversed_name"},  # canonical: tests/contract/test_types.py
    "listed.AddedList": {"name", "version"},
    "listed.Choice": {"list"},
    "listed.Exemption": {"value", "list"},
    "publication.View": {"audience"},
    "publication.Entry": {"stix_type"},
    "submissions.Submission": {"raw", "failure", "failure_detail"},
    "submissions.KeptAnswer": {"sender", "key", "location"},
    "submissions.SubmissionItem": {"type", "value", "reason"},
    "subscriptions.Subscription": {"url", "login", "secret", "audience", "threat_type", "error"},
    "subscriptions.Turn": {"error"},
    "transfer.Transfer": {"action", "target"},
    "evidence.Archive": {"sha256", "stored", "password", "failure", "scheme", "layout", "os", "key_id"},
    "evidence.ArtefactState": {"sha256", "state"},
    "evidence.Finding": {"category", "technique", "target_hash", "known_good", "state"},
    "evidence.CustodyEntry": {"sha256", "digest"},
    "evidence.PlatformKey": {"fingerprint", "age_recipient", "certificate"},
    "evidence.Upload": {"filename", "password"},
    "transfer.TransferKey": {"secret"},
    "push.Hook": {"url", "login", "secret", "previous_secret", "error", "cursor"},
    "profiles.FeedProfile": {"name", "format", "tool"},
    "push.Delivery": {"error"},
    "push.Told": {"type"},
    "enrichment.Enrichment": {"enricher", "dataset_version"},
    "enrichment.SweepPosition": {"enricher", "dataset_version"},
    "taxii.DepotObject": {"stix_type", "version_text"},
    "misp.WrittenEvent": {"tags"},
    "stolen.StolenAccount": {"account", "service"},
}
"""What the program writes, reads strictly before it keeps it, or shows on no page."""


def texts_of(model: type[models.Model]) -> set[str]:
    fields = model._meta.concrete_fields
    return {one.name for one in fields if isinstance(one, models.CharField | models.TextField) and not one.choices}


def test_every_column_of_text_stands_in_the_table() -> None:
    found = {
        model._meta.label: texts_of(model)
        for config in apps.get_app_configs()
        for model in config.get_models()
        if config.name.startswith(("iocmarket.", "ingestion.", "sharing."))
    }
    known = {label: CHOSEN.get(label, set()) | OURS.get(label, set()) for label in found}
    assert {label: names - known[label] for label, names in found.items() if names - known[label]} == {}


@pytest.fixture
def world(db: None) -> World:
    made = make_world()
    provider = oidc_provider("hostile", "https://idp.hostile.example", "hostile.example", made.home.name)
    keep_provider(read_provider({**provider, "name": "hostile"}), actor=PLATFORM)
    made.clients["manager"].post("/circles", {"name": "x"}, headers={"User-Agent": MARKUP})
    return made


def poison() -> int:
    """Write it over every row; how many values."""
    numbers = itertools.count()
    for label, names in CHOSEN.items():
        model = apps.get_model(label)
        rows = model.unscoped if hasattr(model, "unscoped") else model._default_manager
        for pk, name in itertools.product(rows.values_list("pk", flat=True), names):
            longest = model._meta.get_field(name).max_length or 1000
            rows.filter(pk=pk).update(**{name: f"{next(numbers)}{MARKUP}"[:longest]})
    Contribution.unscoped.update(tags=[MARKUP[:60]])
    return next(numbers)


OTHERS = (
    "/accounts/login/", "/accounts/signup/", "/accounts/sso/", "/accounts/2fa/", "/accounts/2fa/webauthn/",
    "/account/waiting", "/search?q=45.7.7.7", "/i/{value}?tab=history", "/account/data",
)  # fmt: skip


def pages(world: World, viewer: str) -> dict[str, bytes]:
    """What this viewer is shown, by path."""
    client: Client = world.clients[viewer]
    rows = [row.path for route, found in TABLE.items() for row in found if row.method == "GET" and not _machine(route)]
    asked = {path: client.get(filled(path, world.names)) for path in (*rows, *OTHERS)}
    assert [path for path, answer in asked.items() if answer.status_code >= 500 and path != "/readyz"] == []
    return {path: answer.content for path, answer in asked.items() if answer.status_code == 200}


def _machine(route: str) -> bool:
    return route.startswith(("api/v1", "taxii2", "^taxii2", "feeds", "public", "journal/export"))


@pytest.mark.parametrize("viewer", ["applicant", "contributor", "manager", "administrator"])
def test_markup_in_every_text_reaches_no_page_as_markup(world: World, viewer: str) -> None:
    assert poison() > 40
    shown = pages(world, viewer)
    assert {path: [one for one in LIVING if one in body] for path, body in shown.items()} == {
        path: [] for path in shown
    }
    telling = [path for path, body in shown.items() if b"onerror=alert(1)&gt;" in body]
    assert len(telling) >= {"applicant": 2, "contributor": 5, "manager": 8, "administrator": 8}[viewer], telling


def test_what_a_browser_calls_itself_is_text_in_the_journal(world: World) -> None:
    body = world.clients["administrator"].get("/journal").content
    assert b"onerror=alert(1)" in body
    assert [one for one in LIVING if one in body] == []
