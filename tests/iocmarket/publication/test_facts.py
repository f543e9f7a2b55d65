"""What an entry says: computed from the statements of its view, and changing with time only where it says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from iocmarket.indicators.scoring import GRAIN
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.facts import ANONYMOUS, Facts, Said, _alone, _gathered, facts_of
from iocmarket.publication.rendering import digest_of, indicator_content, written

NOW = datetime(2027, 3, 1, 12, 30, tzinfo=UTC)
LIFETIME = 30
_NAMES = ["Alpha", "Beta", "Gamma"]


def said(who: int = 0, **fields: Any) -> Said:
    """A statement that no database holds."""
    moment = NOW - timedelta(hours=1)
    whole: dict[str, Any] = {
        "pk": who,
        "indicator_id": 1,
        "institution_id": who,
        "name": _NAMES[who],
        "threat_type": "phishing",
        "tlp": TLP.AMBER,
        "pap": PAP.GREEN,
        "anonymous": False,
        "subtree": False,
        "confidence": 80,
        "comment": "",
        "tags": [],
        "first_seen": moment,
        "last_seen": moment,
        "valid_until": None,
    }
    return Said(**whole | fields)


def facts(*statements: Said, moment: datetime = NOW) -> Facts:
    """The facts of one address."""
    return facts_of(statements, type_name="ipv4", value="45.1.2.3", lifetime_days=LIFETIME, moment=moment, threshold=30)


def test_the_strictest_of_each_label_is_shown() -> None:
    found = facts(said(0, tlp=TLP.GREEN, pap=PAP.RED), said(1, tlp=TLP.AMBER_STRICT, pap=PAP.CLEAR))
    assert found.marking == Marking(TLP.AMBER_STRICT, PAP.RED)


def test_a_lonely_statement_says_what_was_said() -> None:
    found = facts(said(0, tags=["b", "a"], subtree=True, comment="seen in mail"))
    assert (found.confidence, found.institutions, found.subtree, found.tags) == (80, 1, True, ("a", "b"))
    assert found.statements[0].who == "Alpha"
    assert found.statements[0].comment == "seen in mail"
    assert not found.expired


def test_institutions_count_once_and_corroborate() -> None:
    alone = facts(said(0), said(0, pk=9))
    together = facts(said(0), said(1), said(2))
    assert (alone.institutions, together.institutions) == (1, 3)
    assert alone.base_score == 80
    assert together.base_score == 100


def test_anonymous_statements_are_pooled_and_name_nobody() -> None:
    found = facts(said(0, anonymous=True), said(1, anonymous=True))
    assert {statement.who for statement in found.statements} == {ANONYMOUS}


def test_the_order_in_which_statements_are_read_changes_nothing() -> None:
    statements = [said(0, tags=["x"]), said(1, threat_type="c2"), said(2, anonymous=True)]
    assert facts(*statements) == facts(*reversed(statements))


def test_an_expired_statement_is_silent_beside_a_live_one() -> None:
    found = facts(said(0, threat_type="c2", valid_until=NOW - timedelta(days=1)), said(1))
    assert (found.threat_types, found.institutions) == (("phishing",), 1)


def test_the_marking_of_an_expired_statement_still_holds() -> None:
    found = facts(said(0, tlp=TLP.AMBER_STRICT, pap=PAP.RED, valid_until=NOW - timedelta(days=1)), said(1))
    assert found.marking == Marking(TLP.AMBER_STRICT, PAP.RED)


def test_when_all_have_expired_they_speak_and_it_is_said() -> None:
    found = facts(said(0, valid_until=NOW - timedelta(days=1)))
    assert found.expired
    assert found.threat_types == ("phishing",)
    assert found.due_at is None
    assert found.valid_until <= NOW


def test_a_shared_explicit_end_is_never_passed() -> None:
    end = NOW + timedelta(hours=2)
    assert facts(said(0, valid_until=end)).valid_until == end
    assert facts(said(0, valid_until=end), said(1)).valid_until > end


def test_repeated_sightings_within_six_hours_leave_the_body_unchanged() -> None:
    grid = NOW.replace(hour=12, minute=0)
    bodies = {
        digest_of(
            written(
                indicator_content(facts(said(0, first_seen=grid, last_seen=grid + timedelta(minutes=m))), creator="c")
            )
        )
        for m in (0, 10, 29)
    }
    assert len(bodies) == 1


@given(
    ages=st.lists(st.integers(0, 60 * 24 * 60), min_size=1, max_size=3),
    ends=st.lists(st.none() | st.integers(-60 * 24 * 60, 60 * 24 * 60), min_size=3, max_size=3),
    confidences=st.lists(st.integers(0, 100), min_size=3, max_size=3),
)
def test_nothing_changes_before_it_is_due_and_the_due_moment_comes_later(
    ages: list[int], ends: list[int | None], confidences: list[int]
) -> None:
    statements = []
    for who, age in enumerate(ages):
        seen, end = NOW - timedelta(minutes=age), ends[who]
        until = None if end is None else NOW + timedelta(minutes=end)
        statements.append(said(who, first_seen=seen, last_seen=seen, confidence=confidences[who], valid_until=until))
    found = facts(*statements)
    assert found.valid_until > found.first_seen
    if found.due_at is None:
        assert found.expired
        assert facts(*statements, moment=NOW + timedelta(days=9)) == found
        return
    assert found.due_at > NOW
    just_before = found.due_at - timedelta(microseconds=1)
    assert facts(*statements, moment=just_before) == found


def test_a_value_crosses_the_threshold_on_the_grid_of_six_hours() -> None:
    until = facts(said(0)).valid_until
    assert (until - datetime(1970, 1, 1, tzinfo=UTC)) % GRAIN == timedelta(0)
    assert NOW < until < NOW + timedelta(days=LIFETIME)


@given(
    threat=st.sampled_from(["phishing", "c2", "other"]),
    tags=st.lists(st.sampled_from(["a", "b", "wave:3", "é"]), max_size=4),
    flags=st.tuples(st.booleans(), st.booleans()),
    confidence=st.integers(0, 100),
)
def test_the_quick_way_for_one_statement_says_what_the_way_for_several_says(
    threat: str, tags: list[str], flags: tuple[bool, bool], confidence: int
) -> None:
    one = said(0, threat_type=threat, tags=tags, subtree=flags[0], anonymous=flags[1], confidence=confidence)
    assert _alone(one) == _gathered([one])
