"""What a person changes of single lines: it stays with its value, is applied anew each time, harms no other line."""

from __future__ import annotations

import pytest

from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import from_text
from ingestion.submissions.edits import Edited, Row, edited, mark_of
from ingestion.submissions.looks import readable_as
from iocmarket.kernel.marking import TLP

MD5 = "9e107d9d372bb6826bd81d3542a419d6"


def look(text: str, choices: Choices | None = None, **data: str) -> Edited:
    """The look at a text with the fields `<kind>_<place>` set for the line that stands at that place."""
    sending = from_text(text, choices=choices or Choices())
    rows = edited(sending, {}).rows
    fields = {}
    for name, value in data.items():
        kind, _bar, place = name.rpartition("_")
        fields[f"{kind}-{rows[int(place)].key}"] = value
    return edited(sending, fields)


def read_as(row: Row) -> tuple[str, str]:
    if row.draft.canonical is None:
        assert row.draft.refusal is not None
        return "refused", row.draft.refusal.code
    return row.draft.type, row.draft.canonical.value


def test_another_type_is_read_anew_and_may_be_refused() -> None:
    rows = look(f"{MD5}\n{MD5[::-1]}", type_0="imphash", type_1="sha256").rows
    assert [read_as(row) for row in rows] == [("imphash", MD5), ("refused", "hash_length")]
    assert read_as(look(MD5, type_0="no-such-type").rows[0]) == ("refused", "unknown_type")


def test_a_refused_line_is_saved_by_saying_what_it_is() -> None:
    text = "198.51.100.7\nservice.sh\n"
    assert read_as(look(text).rows[1]) == ("refused", "file_name")
    assert read_as(look(text, type_1="domain").rows[1]) == ("domain", "service.sh")


def test_a_line_that_is_saved_keeps_the_label_that_stands_in_it() -> None:
    row = look("45.1.2.3\nservice.sh TLP:AMBER+STRICT", type_1="domain").rows[1]
    assert row.draft.choices.tlp is TLP.AMBER_STRICT
    assert "tlp" in row.draft.choices.explicit


def test_what_is_set_for_a_line_wins_over_what_stands_in_it() -> None:
    row = look("45.1.2.3 scan TLP:GREEN", tlp_0="clear", threat_0="phishing").rows[0]
    assert (row.draft.choices.tlp, row.draft.choices.threat_type, row.draft.choices.comment) == (
        TLP.CLEAR, "phishing", "scan",
    )  # fmt: skip
    assert read_as(look("45.1.2.3 TLP:RED").rows[0]) == ("refused", "red_names_persons")
    assert read_as(look("45.1.2.3 TLP:RED", tlp_0="amber").rows[0]) == ("ipv4", "45.1.2.3")


def test_a_line_left_out_is_told_as_such_and_no_other() -> None:
    rows = look("45.1.2.3\n45.1.2.4", drop_0="1", tlp_0="green").rows
    assert [read_as(row) for row in rows] == [("refused", "left_out"), ("ipv4", "45.1.2.4")]


def test_a_value_that_stands_twice_is_changed_place_by_place() -> None:
    rows = look("45.1.2.3\n45.1.2.3", tlp_0="green", tlp_1="").rows
    assert [row.draft.choices.tlp for row in rows] == [TLP.GREEN, TLP.AMBER]


def test_what_is_only_mentioned_is_taken_when_ticked_and_stands_at_its_line() -> None:
    sending = from_text("# vu avec 45.1.2.9\n45.1.2.3", choices=Choices())
    (proposal,) = edited(sending, {}).proposals
    assert edited(sending, {}).sending.drafts == sending.drafts
    taken = edited(sending, {f"take-{proposal.key}": "1"})
    assert [(row.draft.index, *read_as(row)) for row in taken.rows] == [
        (0, "ipv4", "45.1.2.9"), (1, "ipv4", "45.1.2.3"),
    ]  # fmt: skip


def test_what_is_called_harmless_is_shared_by_whoever_insists() -> None:
    text = "45.1.2.3 est un faux positif"
    assert read_as(look(text).rows[0]) == ("refused", "said_harmless")
    assert read_as(look(text, take_0="1").rows[0]) == ("ipv4", "45.1.2.3")


@pytest.mark.parametrize("field", ["type", "take", "tlp"])
def test_an_account_with_its_password_becomes_nothing_else(field: str) -> None:
    value = {"type": "email", "take": "1", "tlp": "green"}[field]
    row = look("jean.dupont@univ-evil.fr:Tr0ub4dor", None, **{f"{field}_0": value}).rows[0]
    assert read_as(row) == ("refused", "credential")


def test_the_mark_follows_the_text_and_what_every_line_is_read_as() -> None:
    text = "45.1.2.3 scan\n45.1.2.4 TLP:RED"
    plain = mark_of(look(text).sending)
    others = [
        look(text.replace("2.4", "2.5")), look(text.replace("scan", "ddos")), look(text, drop_0="1"),
        look(text, type_0="user-agent"), look(text, tlp_1="green"), look(text, Choices(audience="own")),
    ]  # fmt: skip
    marks = {mark_of(each.sending) for each in others}
    assert plain not in marks
    assert len(marks) >= len(others) - 1, "the last two free the same line"
    assert mark_of(look(text.replace("\n", "\r\n")).sending) == plain
    by_hand = [look(text, tlp_0="green"), look(text, threat_0="phishing"), look(text, Choices(comment="vu"))]
    assert {mark_of(each.sending) for each in by_hand} == {plain}


def test_a_hash_can_be_read_as_each_fingerprint_of_its_length() -> None:
    assert {"md5", "imphash", "ja3", "ja3s", "hassh"} <= set(readable_as(MD5))
    assert not {"sha1", "ipv4", "domain"} & set(readable_as(MD5))
