"""What sightings change in an entry: they renew it, lower its score, and say nothing new by being repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.accounts.models import Institution
from iocmarket.indicators import scoring
from iocmarket.indicators.models import Indicator
from iocmarket.indicators.sightings import retract
from iocmarket.kernel.marking import PROVIDER, TLP
from iocmarket.publication.audiences import COMMUNITY, inbox
from iocmarket.publication.facts import Facts, Met, Said, facts_of
from iocmarket.publication.models import Entry, View
from iocmarket.publication.rendering import LABEL_CONTESTED, LABEL_EXPIRED, digest_of, indicator_content, written
from tests.factories import contribute, make_institution, make_token, publish, report, viewer_for
from tests.iocmarket.publication.test_facts import said as plainly_said

NOW = datetime(2027, 3, 1, 12, 30, tzinfo=UTC)
LIFETIME = 30
moments = st.integers(0, 40 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes))
sightings = st.lists(
    st.builds(Met, st.sampled_from(["seen", "false-positive", "expired"]), st.integers(0, 4), st.booleans(), moments),
    max_size=6,
)


def said(**fields: object) -> Said:
    seen = NOW - timedelta(days=10)
    return plainly_said(0, institution_id=9, **{"threat_type": "c2", "first_seen": seen, "last_seen": seen, **fields})


def facts(contribution: Said, *met: Met) -> Facts:
    return facts_of(
        [contribution], met, type_name="ipv4", value="45.1.2.3", lifetime_days=LIFETIME, moment=NOW, threshold=30
    )


def met(kind: str, who: int = 0, *, ago: timedelta = timedelta(hours=1), anonymous: bool = False) -> Met:
    return Met(kind, who, anonymous, NOW - ago)


# — Renewing —


def test_seen_renews_an_entry_that_had_faded() -> None:
    faded = said(last_seen=NOW - timedelta(days=29), first_seen=NOW - timedelta(days=29))
    assert facts(faded).expired
    renewed = facts(faded, met("seen"))
    assert not renewed.expired
    assert renewed.last_seen == NOW - timedelta(hours=1)
    assert renewed.first_seen == faded.first_seen


def test_what_its_author_ended_is_not_renewed() -> None:
    over = said(valid_until=NOW - timedelta(days=1))
    assert facts(over, met("seen")).expired


def test_an_older_sighting_changes_nothing() -> None:
    assert facts(said(), met("seen", ago=timedelta(days=11))) == facts(said())


@given(first=st.integers(0, 29), second=st.integers(0, 29))
def test_repeated_seen_within_the_grain_leaves_the_body_unchanged(first: int, second: int) -> None:
    bodies = {
        digest_of(written(indicator_content(facts(said(), met("seen", ago=timedelta(minutes=ago))), creator="c")))
        for ago in (first, second)
    }
    assert len(bodies) == 1


# — Lowering —


@given(
    confidence=st.integers(0, 100), institutions=st.integers(1, 9), contesting=st.integers(0, 9), gone=st.integers(0, 9)
)
def test_reports_lower_the_score_and_never_below_its_half(
    confidence: int, institutions: int, contesting: int, gone: int
) -> None:
    def score(contesting: int, gone: int) -> float:
        return scoring.base_score(confidence=confidence, institutions=institutions, contesting=contesting, gone=gone)

    whole, found = score(0, 0), score(contesting, gone)
    assert whole / 2 <= found <= whole
    if confidence:
        assert score(contesting + 1, gone) < score(contesting, gone + 1) < found


def test_institutions_are_heard_once_and_anonymous_ones_together() -> None:
    found = facts(
        said(), met("false-positive", 1), met("false-positive", 1), met("false-positive", 2, anonymous=True),
        met("false-positive", 3, anonymous=True), met("expired", 1), met("expired", 4),
    )  # fmt: skip
    assert (found.contesting, found.gone) == (2, 1)
    assert found.base_score == 80 * (1 - 0.5 * 2.5 / 3.5)


def test_gone_says_nothing_of_what_was_seen_later() -> None:
    gone = met("expired", 1, ago=timedelta(hours=3))
    assert facts(said(), gone).gone == 1
    assert facts(said(), gone, met("seen", 2, ago=timedelta(hours=2))).gone == 0
    assert facts(said(last_seen=NOW), gone).gone == 0


@given(met=sightings)
def test_a_score_never_changes_without_a_new_body(met: list[Met]) -> None:
    """Filters and blocking feeds read the score beside the body: it must not change unnoticed."""
    before, after = facts(said()), facts(said(), *met)
    if after.base_score != before.base_score:
        contents = [written(indicator_content(found, creator="c")) for found in (before, after)]
        assert digest_of(contents[0]) != digest_of(contents[1])
    assert after.marking == before.marking
    assert after.statements == before.statements


def test_a_consumer_is_told_how_many_contest_and_not_who() -> None:
    content = indicator_content(facts(said(), met("false-positive", 1), met("expired", 2)), creator="c")
    assert LABEL_CONTESTED in content["labels"]
    assert "reported as a false positive by 1 institution\n" in content["description"]
    assert content["description"].endswith("reported as no longer active by 1 institution")


# — In views —


@pytest.fixture
def author(db: None) -> Institution:
    """Who shares."""
    return make_institution()


def entry(indicator: Indicator, audience: str = COMMUNITY, tlp: int = TLP.AMBER_STRICT) -> Entry:
    return Entry.objects.get(indicator=indicator, view__audience=audience, view__ceiling_tlp=tlp)


def test_a_sighting_reaches_exactly_the_views_that_its_audience_has(author: Institution) -> None:
    me = make_institution()
    public = contribute(author, "45.4.4.4", seen=datetime.now(UTC) - timedelta(days=3))
    private = contribute(me, "45.4.4.4", audience="own", seen=datetime.now(UTC) - timedelta(days=3))
    publish()
    before = [entry(public.indicator), entry(private.indicator, inbox(me.pk))]
    made = report(me, public, "seen")
    assert publish() == 2, "the entry, and the sighting beside it"
    assert entry(public.indicator).last_seen == made.seen_at
    assert entry(private.indicator, inbox(me.pk)).last_seen == before[1].last_seen


def test_a_narrow_view_counts_only_what_lies_within_its_ceiling(author: Institution) -> None:
    me = make_institution()
    make_token(me, operated_by="provider")
    strict = contribute(author, "45.4.4.5", tlp=TLP.AMBER_STRICT, confidence=80)
    report(me, strict)  # carries AMBER+STRICT, as the only statement that there is
    contribute(make_institution(), "45.4.4.5", tlp=TLP.AMBER, confidence=80)
    publish()
    narrow = entry(strict.indicator, tlp=PROVIDER.tlp)
    assert narrow.base_score == 80
    assert entry(strict.indicator).base_score == 96 * (1 - 0.5 / 3)


def test_an_expired_entry_lives_again_and_is_written_once_in_six_hours_at_most(author: Institution) -> None:
    me = make_institution()
    with time_machine.travel(NOW, tick=False) as clock:
        made = contribute(author, seen=NOW - timedelta(days=200))
        publish()
        assert entry(made.indicator).state == Entry.State.EXPIRED
        report(me, made, "seen")
        publish()
        assert entry(made.indicator).state == Entry.State.LIVE
        versions = {entry(made.indicator).version}
        for _ in range(12):
            clock.shift(timedelta(minutes=30))
            report(me, made, "seen", count=1000)
            publish()
            versions.add(entry(made.indicator).version)
        assert len(versions) == 2


def test_a_contested_value_is_a_new_version_and_retracting_one_more(author: Institution) -> None:
    me, made = make_institution(), contribute(author, confidence=80)
    publish()
    first = entry(made.indicator)
    contesting = report(me, made)
    assert publish() == 1
    second = entry(made.indicator)
    assert (second.base_score, second.stix_id) == (60, first.stix_id)
    assert second.date_added > first.date_added
    assert LABEL_CONTESTED in orjson.loads(bytes(second.body))["labels"]
    retract(contesting, viewer=viewer_for(me, scopes=["sightings:write"]))
    assert publish() == 1
    assert entry(made.indicator).base_score == 80


def test_a_score_that_falls_under_the_threshold_ends_the_entry(author: Institution) -> None:
    made = contribute(author, confidence=35, seen=datetime.now(UTC) - timedelta(days=1))
    publish()
    assert entry(made.indicator).state == Entry.State.LIVE
    report(make_institution(), made)
    publish()
    found = entry(made.indicator)
    assert found.state == Entry.State.EXPIRED
    assert LABEL_EXPIRED in orjson.loads(bytes(found.body))["labels"]


def test_sightings_alone_make_no_entry(author: Institution) -> None:
    made = contribute(author, audience="own")
    report(author, made, "seen")
    publish()
    assert not Entry.objects.filter(indicator=made.indicator).exclude(view__audience=inbox(author.pk)).exists()
    assert View.objects.filter(audience=COMMUNITY).exists()
