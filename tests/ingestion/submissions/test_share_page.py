"""The page Share without scripts, form by form: what was looked at, and nothing else, is shared."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ingestion.submissions.models import Submission, SubmissionItem
from iocmarket.accounts.roles import Role
from iocmarket.indicators.models import Contribution
from tests.factories import make_institution, make_member

TEXT = (
    "Bonjour,\n45[.]1[.]2[.]3 et evil-campus[.]org : brute-force CAS TLP:GREEN #cas\n"
    "9e107d9d372bb6826bd81d3542a419d6 vu ensuite\n45.1.2.99/33 aussi\n45.1.2.5 est un faux positif"
)
BATCH = {"tlp": "amber", "pap": "green", "audience": "community", "threat_type": ""}


@pytest.fixture
def person(db: None) -> Client:
    """A contributor's session."""
    client = Client()
    client.force_login(make_member(make_institution(), role=Role.CONTRIBUTOR))
    return client


def field(answer: Any, kind: str, line: int, nth: int = 0) -> str:
    """The name of a control of a line."""
    lines = [each for each in answer.context["lines"] if each.number == line]
    return f"{kind}-{lines[nth].look.key}"


def look(person: Client, **data: Any) -> Any:
    return person.post("/share", {**BATCH, "act": "look", **data})


def share(person: Client, answer: Any, **data: Any) -> Any:
    form = {**BATCH, "act": "share", "seen": answer.context["seen"], **data}
    return person.post("/share", form)


def said() -> dict[str, Contribution]:
    return {row.indicator.value: row for row in Contribution.unscoped.select_related("indicator")}


def test_look_change_a_type_leave_out_override_look_again_share(person: Client) -> None:
    first = look(person, text=TEXT)
    assert first.context["sums"] == {"ok": 3, "known": 0, "warn": 0, "bad": 2, "out": 0}
    edits = {
        field(first, "type", 3): "imphash",
        field(first, "drop", 2, 1): "1",
        field(first, "tlp", 2): "amber-strict",
        field(first, "threat", 3): "malware",
        field(first, "take", 5): "1",
    }
    again = look(person, text=TEXT, **edits)
    assert again.context["sums"] == {"ok": 3, "known": 0, "warn": 0, "bad": 1, "out": 1}
    for name, value in edits.items():
        control = re.search(
            rf'name="{name}"[^>]*(?:checked|>(?:(?!</select>).)*value="{value}" selected)', again.content.decode()
        )
        assert control is not None, name
    done = share(person, again, text=TEXT, **edits)
    assert done.status_code == 302
    rows = said()
    assert set(rows) == {"45.1.2.3", "9e107d9d372bb6826bd81d3542a419d6", "45.1.2.5"}
    assert (str(rows["45.1.2.3"].marking), rows["45.1.2.3"].threat_type) == (
        "TLP:AMBER+STRICT PAP:GREEN",
        "brute-force",
    )
    assert rows["9e107d9d372bb6826bd81d3542a419d6"].indicator.type == "imphash"
    assert rows["9e107d9d372bb6826bd81d3542a419d6"].threat_type == "malware"
    held = Submission.objects.get()
    assert (held.received, held.accepted, held.refused) == (5, 3, 2)
    assert SubmissionItem.objects.get(reason="left_out").input == "evil-campus[.]org"
    shown = person.get(f"/share/{held.public_id}")
    assert shown.context["sums"] == {"ok": 3, "known": 0, "warn": 0, "bad": 1, "out": 1}


def test_a_text_that_was_changed_since_the_look_is_looked_at_first(person: Client) -> None:
    first = look(person, text="45.1.2.3\n45.1.2.4")
    for text in ("45.1.2.3\n45.1.2.4\n45.1.2.5", "45.1.2.3\n45.1.2.4 TLP:CLEAR"):
        again = share(person, first, text=text)
        assert again.status_code == 200
        assert again.context["changed"]
    assert not Contribution.unscoped.exists()
    assert share(person, again, text=text).status_code == 302


def test_a_line_that_is_read_as_something_else_is_looked_at_first_too(person: Client) -> None:
    first = look(person, text="45.1.2.3\n45.1.2.4")
    for kind, value in (("drop", "1"), ("type", "user-agent"), ("tlp", "red")):
        again = share(person, first, text="45.1.2.3\n45.1.2.4", **{field(first, kind, 1): value})
        assert again.status_code == 200
    assert not Contribution.unscoped.exists()


def test_what_is_set_by_hand_is_shared_as_it_is_set(person: Client) -> None:
    first = look(person, text="45.1.2.3\n45.1.2.4")
    own = {field(first, "tlp", 1): "clear", field(first, "threat", 1): "scan"}
    assert share(person, first, **{"text": "45.1.2.3\n45.1.2.4", "pap": "red", **own}).status_code == 302
    rows = said()
    assert (str(rows["45.1.2.3"].marking), rows["45.1.2.3"].threat_type) == ("TLP:CLEAR PAP:RED", "scan")
    assert str(rows["45.1.2.4"].marking) == "TLP:AMBER PAP:RED"


def test_a_field_of_a_line_that_is_nonsense_refuses_that_line(person: Client) -> None:
    first = look(person, text="45.1.2.3\n45.1.2.4")
    for kind, value in (("type", "nonsense"), ("tlp", "BLACK"), ("pap", "x" * 5000), ("threat", "magic")):
        again = look(person, text="45.1.2.3\n45.1.2.4", **{field(first, kind, 1): value})
        assert [line.kind for line in again.context["lines"]] == ["bad", "ok"], kind


def test_what_a_list_only_mentions_is_offered_unticked(person: Client) -> None:
    text = "# source : hxxps://blog-de-veille[.]org/article\n45.1.2.3\nevil-campus[.]org/porte"
    first = look(person, text=text)
    proposed = {line.value: line.look.key for line in first.context["proposals"]}
    assert set(proposed) == {"https://blog-de-veille.org/article", "evil-campus.org"}
    ticks = {f"take-{proposed['evil-campus.org']}": "1"}
    again = look(person, text=text, **ticks)
    assert [line.number for line in again.context["lines"]] == [2, 3, 3]
    assert share(person, again, text=text, **ticks).status_code == 302
    assert set(said()) == {"45.1.2.3", "http://evil-campus.org/porte", "evil-campus.org"}


def test_a_file_is_looked_at_changed_and_shared_and_wins_over_the_text(person: Client) -> None:
    def table() -> SimpleUploadedFile:
        return SimpleUploadedFile("relevé.csv", b"valeur;tlp\n45.1.2.3;GREEN\n45.1.2.4;\n")

    first = look(person, text="45.9.9.9", file=table())
    assert (first.context["file_read"], first.context["text_waits"]) == ("relevé.csv", True)
    edits = {field(first, "drop", 3): "1"}
    again = look(person, text="45.9.9.9", file=table(), **edits)
    assert share(person, again, text="45.9.9.9", file=table(), **edits).status_code == 302
    assert {value: str(row.marking.tlp.label) for value, row in said().items()} == {"45.1.2.3": "GREEN"}


def test_a_browser_that_forgot_the_file_is_told(person: Client) -> None:
    first = look(person, file=SimpleUploadedFile("liste.txt", b"45.1.2.3\n"))
    answer = share(person, first, text="")
    assert answer.status_code == 422
    assert "fichier" in answer.content.decode()
    assert not Contribution.unscoped.exists()


def test_every_format_that_is_read_may_be_chosen(person: Client) -> None:
    page = person.get("/share").content.decode()
    (accepted,) = re.findall(r'accept="([^"]+)"', page)
    assert {".csv", ".txt", ".ndjson"} <= set(accepted.split(","))


def test_the_look_of_five_hundred_lines_is_quick_and_whole(person: Client) -> None:
    text = "\n".join(f"45.{n // 250}.{n % 250}.7 scan ssh" for n in range(500))
    answer = look(person, text=text)
    assert len(answer.context["lines"]) == 500
    assert len(answer.content) < 6_000_000


def test_keys_name_lines_in_both_looks(person: Client) -> None:
    first, again = (look(person, text=text) for text in ("45.1.2.3\n45.1.2.4", "45.1.2.9\n45.1.2.3\n45.1.2.4"))
    assert field(first, "tlp", 1) == field(again, "tlp", 2)
