"""What a feed carries: one line per value, decided over all views of the institution (domain.md)."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from iocmarket.accounts.models import Asset, Institution
from iocmarket.indicators.scoring import score_at as score_in_python
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.models import Entry
from iocmarket.publication.scores import score_at
from sharing.feeds.formats.base import LineFormat, formats
from sharing.feeds.formats.names import from_the_top
from sharing.feeds.models import RuleNumber
from sharing.feeds.options import read_options
from sharing.feeds.readable import Readable
from sharing.feeds.selection import Selection, select
from sharing.feeds.state import look
from tests.factories import Reader, contribute, make_institution, make_reader, publish, withdraw

pytestmark = pytest.mark.django_db


def readable_by(reader: Reader) -> Readable | None:
    return look(reader.viewer, b"", blocks=True).readable


def selected(reader: Reader, fmt: str, query: str = "") -> Selection:
    writer = formats[fmt]
    assert isinstance(writer, LineFormat)
    readable = readable_by(reader)
    assert readable is not None
    return select(readable, writer, read_options(QueryDict(query), writer))


def values(reader: Reader, fmt: str, query: str = "") -> list[str]:
    return [item.value for item in selected(reader, fmt, query).items]


def reasons(reader: Reader, fmt: str, query: str = "") -> dict[str, str]:
    return {item.value: reason for item, reason in selected(reader, fmt, query).left_out}


@pytest.fixture
def reader() -> Reader:
    return make_reader("Université de Valbrune")


@pytest.fixture
def meriane() -> Institution:
    return make_institution("INP Mériane")


@pytest.fixture
def ardoise() -> Institution:
    return make_institution("Université Haute-Ardoise")


def test_a_value_in_two_views_is_one_line_with_the_strictest_labels_and_all_that_was_said(
    reader: Reader, meriane: Institution, ardoise: Institution
) -> None:
    old, new = timezone.now() - timedelta(days=9), timezone.now() - timedelta(days=1)
    contribute(
        meriane, "evil-cas.fr", type_name="domain", tlp=TLP.GREEN, pap=PAP.GREEN, seen=old, threat_type="phishing",
        subtree=True, confidence=40,
    )  # fmt: skip
    contribute(
        ardoise, "evil-cas.fr", type_name="domain", tlp=TLP.AMBER, pap=PAP.CLEAR, seen=new, threat_type="c2",
        audience="recipients", recipients=[reader.institution], confidence=90,
    )  # fmt: skip
    publish()
    [line] = selected(reader, "csv").items
    assert line.marking == Marking(TLP.AMBER, PAP.GREEN)
    assert line.threat_types == ("c2", "phishing")
    assert line.subtree
    assert (line.first_seen, line.last_seen) == (old, new)
    assert line.institutions == 1  # corroboration is not added across views
    assert 80 < line.score <= 90


@pytest.mark.parametrize(
    ("pap", "blocked"), [(PAP.CLEAR, True), (PAP.GREEN, True), (PAP.AMBER, False), (PAP.RED, False)]
)
def test_a_feed_that_blocks_carries_nothing_above_pap_green_and_one_that_detects_everything(
    reader: Reader, meriane: Institution, pap: PAP, blocked: bool
) -> None:
    contribute(meriane, "45.9.20.7", pap=pap)
    publish()
    for fmt in ("rpz", "text"):
        assert values(reader, fmt) == (["45.9.20.7"] if blocked else [])
        assert reasons(reader, fmt) == ({} if blocked else {"45.9.20.7": "pap"})
    for fmt in ("csv", "suricata"):
        assert values(reader, fmt) == ["45.9.20.7"]


def test_the_strictest_pap_over_all_views_decides_on_blocking(
    reader: Reader, meriane: Institution, ardoise: Institution
) -> None:
    other = make_reader()
    contribute(meriane, "45.9.20.7", pap=PAP.CLEAR)
    contribute(ardoise, "45.9.20.7", pap=PAP.RED, audience="recipients", recipients=[reader.institution])
    publish()
    assert values(reader, "rpz") == []
    assert values(other, "rpz") == ["45.9.20.7"]  # who cannot see the stricter statement is not told of it


def test_an_expired_statement_with_a_strict_pap_still_forbids_to_block_until_it_is_withdrawn(
    reader: Reader, meriane: Institution, ardoise: Institution
) -> None:
    contribute(meriane, "45.9.20.7", pap=PAP.CLEAR)
    strict = contribute(
        ardoise, "45.9.20.7", pap=PAP.RED, audience="recipients", recipients=[reader.institution],
        valid_until=timezone.now() - timedelta(minutes=5),
    )  # fmt: skip
    publish()
    assert Entry.objects.filter(state="expired").exists()
    assert reasons(reader, "rpz") == {"45.9.20.7": "policy"}
    withdraw(strict)
    publish()
    assert values(reader, "rpz") == ["45.9.20.7"]


def test_what_has_expired_or_was_withdrawn_is_in_no_list(reader: Reader, meriane: Institution) -> None:
    contribute(meriane, "45.9.20.7", valid_until=timezone.now() - timedelta(minutes=5))
    withdraw(contribute(meriane, "45.9.20.8"))
    publish()
    for fmt in ("rpz", "text", "csv", "suricata"):
        assert values(reader, fmt) == []


def test_assets_of_any_member_never_block_and_are_still_detected(reader: Reader, meriane: Institution) -> None:
    Asset.objects.create(institution=meriane, kind="domain", value="inp-meriane.fr", verified_at=timezone.now())
    Asset.objects.create(institution=meriane, kind="network", value="45.80.0.0/20", verified_at=timezone.now())
    Asset.objects.create(institution=meriane, kind="domain", value="claimed-only.fr")
    contribute(reader.institution, "cas.inp-meriane.fr", type_name="domain")
    contribute(reader.institution, "claimed-only.fr", type_name="domain")
    contribute(reader.institution, "45.80.3.3")
    publish()
    assert values(reader, "rpz") == ["claimed-only.fr"]
    assert set(reasons(reader, "rpz").values()) == {"asset"}
    assert len(values(reader, "suricata")) == 3


def test_an_asset_that_cannot_be_read_does_not_stop_the_feed(
    reader: Reader, meriane: Institution, caplog: pytest.LogCaptureFixture
) -> None:
    Asset.objects.create(institution=meriane, kind="network", value="not a network", verified_at=timezone.now())
    contribute(meriane, "45.9.20.7")
    publish()
    assert values(reader, "rpz") == ["45.9.20.7"]
    assert "guards nothing" in caplog.text


def test_a_score_below_the_threshold_does_not_block(reader: Reader, meriane: Institution, settings: Settings) -> None:
    contribute(meriane, "45.9.20.7", confidence=60)
    contribute(meriane, "45.9.20.8", confidence=40)
    publish()
    settings.SCORE_THRESHOLD = 50
    assert values(reader, "rpz") == ["45.9.20.7"]
    assert reasons(reader, "rpz") == {"45.9.20.8": "score"}
    assert values(reader, "rpz", "score_min=10") == ["45.9.20.7", "45.9.20.8"]
    assert values(reader, "csv") == ["45.9.20.7", "45.9.20.8"]


def test_options_narrow_a_feed(reader: Reader, meriane: Institution) -> None:
    now = timezone.now()
    contribute(meriane, "45.9.20.7", threat_type="scan", tlp=TLP.GREEN, confidence=90, seen=now - timedelta(days=8))
    contribute(meriane, "evil-cas.fr", type_name="domain", threat_type="phishing", confidence=50)
    publish()
    assert values(reader, "csv", "type=ipv4") == ["45.9.20.7"]
    assert values(reader, "csv", "type=ipv4,domain") == ["evil-cas.fr", "45.9.20.7"]
    assert values(reader, "csv", "threat_type=phishing") == ["evil-cas.fr"]
    assert values(reader, "csv", "age=2d") == ["evil-cas.fr"]
    assert values(reader, "csv", "tlp_max=GREEN") == ["45.9.20.7"]
    assert values(reader, "csv", "limit=1") == ["45.9.20.7"]
    assert reasons(reader, "csv", "limit=1") == {"evil-cas.fr": "limit"}
    assert values(reader, "csv", "score_min=60") == ["45.9.20.7"]


def test_the_order_does_not_depend_on_scores_or_on_arrival(reader: Reader, meriane: Institution) -> None:
    for number in (9, 2, 5):
        contribute(meriane, f"45.9.20.{number}", confidence=40 + number)
    publish()
    assert values(reader, "rpz") == ["45.9.20.2", "45.9.20.5", "45.9.20.9"]


def test_a_format_that_asks_for_it_gets_names_by_their_labels_from_the_top(
    reader: Reader, meriane: Institution
) -> None:
    for name in ("a.evil-cas.fr", "evil-cas-x.fr", "evil-cas.fr", "a.evil-cas-x.fr", "zevil-cas.org"):
        contribute(meriane, name, type_name="domain")
    publish()
    names = values(reader, "squid")
    assert names == sorted(names, key=from_the_top)
    assert names == [
        "evil-cas-x.fr", "a.evil-cas-x.fr", "evil-cas.fr", "a.evil-cas.fr", "zevil-cas.org",
    ]  # fmt: skip


def test_the_number_of_statements_does_not_follow_the_number_of_values(reader: Reader, meriane: Institution) -> None:
    contribute(meriane, "45.9.20.1")
    publish()
    for fmt in ("rpz", "suricata"):
        selected(reader, fmt)
        with CaptureQueriesContext(
            connection,
        ) as few:
            selected(reader, fmt)
        for number in range(30):
            contribute(meriane, f"45.9.{21 + len(fmt)}.{number}")
        publish()
        selected(reader, fmt)
        with CaptureQueriesContext(connection) as many:
            assert len(selected(reader, fmt).items) > 30
        assert len(many) == len(few)


def test_a_value_keeps_its_rule_number_in_everybodys_feed(reader: Reader, meriane: Institution) -> None:
    contribute(meriane, "45.9.20.7")
    publish()
    [first] = selected(reader, "suricata").items
    contribute(meriane, "45.9.20.8")
    publish()
    again = {item.value: item.sid for item in selected(make_reader_published(), "suricata").items}
    assert again["45.9.20.7"] == first.sid
    assert again["45.9.20.8"] != first.sid
    assert all(number is not None and 9_000_000 <= number < 2**32 - 3 for number in again.values())
    assert RuleNumber.objects.count() == 2


def make_reader_published() -> Reader:
    made = make_reader()
    publish()
    return made


def test_the_score_in_the_database_is_the_score_of_the_formula(reader: Reader, meriane: Institution) -> None:
    now = timezone.now()
    for days, (type_name, value) in enumerate(
        [("ipv4", "45.9.20.7"), ("domain", "evil-cas.fr"), ("sha256", "ab" * 32), ("ipv4", "45.9.20.8")]
    ):
        contribute(meriane, value, type_name=type_name, seen=now - timedelta(days=7 * days), confidence=60 + days)
    publish()
    for entry in (
        Entry.objects.filter(indicator__isnull=False).annotate(score=score_at(now)).select_related("indicator")
    ):
        assert entry.indicator is not None
        assert entry.last_seen is not None
        expected = score_in_python(
            now,
            base=entry.base_score,
            last_seen=entry.last_seen,
            lifetime_days=ioc_types[entry.indicator.type].lifetime_days,
        )
        assert entry.score == pytest.approx(expected)


def test_views_that_are_still_being_filled_are_not_read() -> None:
    institution = make_institution()
    reader = make_reader()
    assert readable_by(reader) is None
    publish()
    assert readable_by(reader) is not None
    contribute(institution)


@pytest.mark.parametrize("fmt", ["text", "rpz"])
@pytest.mark.parametrize("query", ["", "score_min=40", "tlp_max=GREEN", "limit=7", "type=ipv4", "age=3d"])
def test_what_is_not_read_for_plain_formats_changes_nothing(
    reader: Reader, ardoise: Institution, meriane: Institution, fmt: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(11)
    for number in range(40):
        for author in draw.sample([ardoise, meriane, reader.institution], draw.randrange(1, 3)):
            contribute(
                author,
                f"45.9.20.{number}" if number % 2 else f"evil{number}.fr",
                type_name="ipv4" if number % 2 else "domain",
                tlp=draw.choice([TLP.CLEAR, TLP.GREEN, TLP.AMBER]),
                pap=draw.choice([PAP.CLEAR, PAP.GREEN, PAP.AMBER]),
                confidence=draw.randrange(20, 100),
                subtree=draw.random() < 0.5,
                seen=timezone.now() - timedelta(days=draw.randrange(9)),
                audience=draw.choice(["community", "own"]),
            )
    publish()
    writer = formats[fmt]
    assert isinstance(writer, LineFormat)
    told = []
    for plain in (True, False):
        monkeypatch.setattr(type(writer), "plain", plain)
        found = selected(reader, fmt, query)
        lines = [(line.value, line.public_id, line.marking, line.score, line.subtree) for line in found.items]
        told.append((lines, [(line.value, reason) for line, reason in found.left_out]))
    assert told[0] == told[1]
    assert told[0][0]
