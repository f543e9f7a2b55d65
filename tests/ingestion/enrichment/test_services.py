"""Enrichment is a fact of the value, found once, whatever becomes of messages and workers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from ingestion.enrichment import services, sweeping, tasks
from ingestion.enrichment.enrichers.base import Enricher, Facts, enrichers
from ingestion.enrichment.models import Enrichment, SweepPosition
from ingestion.enrichment.policy import PapClass
from iocmarket.accounts.models import Institution
from iocmarket.celery import app
from iocmarket.indicators.models import Audience, Contribution, Indicator
from iocmarket.indicators.types.base import Trait
from iocmarket.kernel import clock, ids
from iocmarket.kernel.marking import PAP, TLP

pytestmark = pytest.mark.django_db


def indicator(value: str, type_name: str = "ipv4", *, age: timedelta = timedelta(0)) -> Indicator:
    return Indicator.unscoped.create(
        public_id=ids.public_id_of(type_name, value, key=b"test"),
        digest=ids.digest_of(type_name, value),
        type=type_name,
        value=value,
        created_at=clock.now() - age,
    )


def stated(found: Indicator, *, by: str, tlp: TLP, pap: PAP, withdrawn: bool = False) -> None:
    house, _ = Institution.objects.get_or_create(name=by, defaults={"state": Institution.State.APPROVED})
    moment = clock.now()
    Contribution.unscoped.create(
        indicator=found,
        institution=house,
        tlp=tlp,
        pap=pap,
        audience=Audience.COMMUNITY,
        first_seen=moment,
        last_seen=moment,
        withdrawn_at=moment if withdrawn else None,
    )


class Asked(Enricher):
    """A third party that remembers what it was told."""

    name = "asked"
    pap_class = PapClass.PASSIVE
    traits = frozenset({Trait.ADDRESS})
    examples = ()

    def __init__(self) -> None:
        self.told: list[str] = []

    def dataset_version(self) -> str:
        return "1"

    def enrich(self, value: str, type_name: str) -> Facts | None:
        self.told.append(value)
        if value.endswith(".99"):
            raise RuntimeError(f"cannot read {value}")
        return {"seen": True}


@pytest.fixture
def third_party() -> Iterator[Asked]:
    len(enrichers)
    registered = enrichers.register(Asked())
    assert isinstance(registered, Asked)
    yield registered
    enrichers.unregister("asked")


def test_an_address_gets_its_country_and_a_hash_gets_nothing() -> None:
    address, file = indicator("185.220.101.45"), indicator("0" * 32, "md5")
    assert services.enrich_indicators([address.pk, file.pk]) == 1
    assert services.facts_of([address.pk, file.pk]) == {
        address.pk: {"ip-context": {"country": "DE", "range": "185.220.100.0/23"}},
    }


def test_a_value_of_which_nothing_is_known_is_asked_once_and_shows_nothing() -> None:
    unknown = indicator("192.0.2.1")
    assert services.enrich_indicators([unknown.pk]) == 1
    assert services.enrich_indicators([unknown.pk]) == 0
    assert services.facts_of([unknown.pk]) == {}


def test_new_data_renew_the_result(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    address = indicator("185.220.101.45")
    services.enrich_indicators([address.pk])
    context = enrichers["ip-context"]
    monkeypatch.setattr(type(context), "dataset_version", lambda _: "tomorrow's")
    monkeypatch.setattr(type(context), "enrich", lambda *_: {"country": "NL"})
    assert services.enrich_indicators([address.pk]) == 1
    assert services.facts_of([address.pk]) == {address.pk: {"ip-context": {"country": "NL"}}}
    assert Enrichment.objects.count() == 1


def test_facts_of_many_cost_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    found = [indicator(f"185.220.101.{host}").pk for host in range(1, 20)]
    services.enrich_indicators(found)
    with django_assert_num_queries(1):
        assert len(services.facts_of(found)) == 19


def test_a_third_party_is_told_only_what_every_standing_statement_permits(third_party: Asked) -> None:
    shown = {
        "185.220.101.1": [("A", TLP.GREEN, PAP.AMBER, False)],
        "185.220.101.2": [("A", TLP.GREEN, PAP.AMBER, False), ("B", TLP.CLEAR, PAP.RED, False)],
        "185.220.101.3": [("A", TLP.GREEN, PAP.CLEAR, False), ("B", TLP.AMBER, PAP.CLEAR, False)],
        "185.220.101.4": [("A", TLP.GREEN, PAP.CLEAR, False), ("B", TLP.AMBER, PAP.RED, True)],
        "185.220.101.5": [],
    }
    found = []
    for value, statements in shown.items():
        row = indicator(value)
        found.append(row.pk)
        for by, tlp, pap, withdrawn in statements:
            stated(row, by=by, tlp=tlp, pap=pap, withdrawn=withdrawn)
    services.enrich_indicators(found, pap_class=PapClass.PASSIVE)
    assert third_party.told == ["185.220.101.1", "185.220.101.4"]
    assert Enrichment.objects.filter(enricher="asked").count() == 2


def test_a_submission_never_asks_a_third_party_by_itself(third_party: Asked) -> None:
    row = indicator("185.220.101.1")
    stated(row, by="A", tlp=TLP.CLEAR, pap=PAP.CLEAR)
    services.enrich_indicators([row.pk])
    sweeping.sweep()
    assert third_party.told == []


def test_a_failing_enricher_harms_no_other_value_and_logs_no_value(
    third_party: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [indicator("185.220.101.99"), indicator("185.220.101.98")]
    for row in rows:
        stated(row, by="A", tlp=TLP.CLEAR, pap=PAP.CLEAR)
    with caplog.at_level(logging.WARNING):
        services.enrich_indicators([row.pk for row in rows], pap_class=PapClass.PASSIVE)
    assert services.facts_of([row.pk for row in rows]) == {rows[1].pk: {"asked": {"seen": True}}}
    assert "RuntimeError" in caplog.text
    assert "185.220.101" not in caplog.text


def test_a_submission_asks_after_its_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(tasks.enrich, "delay", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        services.request_enrichment([3, 1, 3])
        assert sent == []
    assert sent == [[1, 3]]


def test_a_broker_that_is_away_does_not_fail_the_submission(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "_pool", None, raising=False)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)  # an earlier test may have sent through it
    row = indicator("185.220.101.45")
    with caplog.at_level(logging.WARNING), django_capture_on_commit_callbacks(execute=True):
        services.request_enrichment([row.pk])
    assert "the sweeper will enrich 1" in caplog.text
    sweeping.sweep()
    assert row.pk in services.facts_of([row.pk])


def test_the_sweeper_finds_what_no_message_announced() -> None:
    rows = [indicator(f"185.220.101.{host}") for host in range(1, 6)]
    assert sweeping.sweep() == 5
    assert set(services.facts_of([row.pk for row in rows])) == {row.pk for row in rows}
    assert sweeping.sweep() == 0


def test_the_sweeper_walks_in_chunks_and_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "CHUNK", 2)
    old = [indicator(f"185.220.101.{host}", age=timedelta(hours=2)).pk for host in range(1, 6)]
    young = indicator("185.220.101.77").pk
    assert sweeping.sweep() == 6
    assert len(services.facts_of([*old, young])) == 6
    assert SweepPosition.objects.get(enricher="ip-context").done_up_to == old[-1]


def test_what_commits_late_with_a_low_id_is_found_all_the_same() -> None:
    sweeping.sweep()
    low = Indicator.unscoped.create(
        pk=1,
        public_id=ids.public_id_of("ipv4", "185.220.101.9", key=b"test"),
        digest=ids.digest_of("ipv4", "185.220.101.9"),
        type="ipv4",
        value="185.220.101.9",
    )
    indicator("185.220.101.10")
    sweeping.sweep()
    assert low.pk in services.facts_of([low.pk])


def test_new_data_start_the_walk_again(monkeypatch: pytest.MonkeyPatch) -> None:
    row = indicator("185.220.101.1", age=timedelta(hours=2))
    sweeping.sweep()
    monkeypatch.setattr(type(enrichers["ip-context"]), "dataset_version", lambda _: "tomorrow's")
    assert sweeping.sweep() == 1
    assert Enrichment.objects.get(indicator=row).dataset_version == "tomorrow's"


def test_the_sweep_is_on_the_timetable_each_minute() -> None:
    app.loader.import_default_modules()
    entry = app.conf.beat_schedule["enrichment.sweep"]
    assert entry["task"] == tasks.sweep.name
    assert entry["schedule"] == 60.0
    assert tasks.enrich.name in app.tasks


def test_the_tasks_do_what_the_services_do() -> None:
    first, second = indicator("185.220.101.1"), indicator("185.220.101.2")
    assert tasks.enrich.apply(args=([first.pk],)).get() == 1
    assert tasks.sweep.apply().get() == 1
    assert set(services.facts_of([first.pk, second.pk])) == {first.pk, second.pk}


def test_the_facts_of_a_value_do_not_tell_whether_somebody_had_it_enriched_before() -> None:
    long_ago, just_now = indicator("185.220.101.1"), indicator("185.220.101.2")
    services.enrich_indicators([long_ago.pk])
    first, second = services.facts_now(long_ago), services.facts_now(just_now)
    assert first == second
    assert first["ip-context"]["country"] == "DE"
    assert services.facts_now(indicator("x" * 64, "sha256")) == {}
