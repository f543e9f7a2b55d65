"""What the words around a value say of it: labels, threat and comment of its line, over what the request says."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from ingestion.submissions import queueing
from ingestion.submissions.models import Submission
from ingestion.submissions.working import work_on
from iocmarket.indicators.models import Contribution
from tests.ingestion.submissions.conftest import Sender, row_counts

CHAT = "IP 45[.]1[.]2[.]3 et evil-campus.org, brute-force CAS depuis 02h15 (TLP:GREEN PAP:AMBER) #cas #vpn"


def said() -> dict[str, Contribution]:
    return {row.indicator.value: row for row in Contribution.unscoped.select_related("indicator")}


def test_a_line_of_a_chat_gives_its_values_one_comment_its_labels_and_a_threat(sender: Sender) -> None:
    answer = sender.text(CHAT + "\net aussi 45.1.2.9")
    assert answer.json()["counts"] == {"received": 3, "accepted": 3, "refreshed": 0, "refused": 0}
    rows = said()
    for value in ("45.1.2.3", "evil-campus.org"):
        row = rows[value]
        assert (str(row.marking), row.threat_type) == ("TLP:GREEN PAP:AMBER", "brute-force")
        assert (row.comment, row.tags) == ("IP et brute-force CAS depuis 02h15", ["cas", "vpn"])
    assert str(rows["45.1.2.9"].marking) == "TLP:AMBER PAP:GREEN"
    assert [item["warnings"] for item in answer.json()["items"]] == [["marking_in_line"], ["marking_in_line"], []]


@pytest.mark.parametrize("as_json", [False, True])
def test_what_the_request_gives_wins_but_for_the_marking_of_a_line(sender: Sender, as_json: bool) -> None:
    given = {"threat_type": "scan", "comment": "vague du soir", "tlp": "AMBER+STRICT", "tags": "cert"}
    if as_json:
        sender.json(text=CHAT, defaults=given)
    else:
        sender.text(CHAT, "?threat_type=scan&comment=vague du soir&tlp=AMBER%2BSTRICT&tags=cert")
    row = said()["45.1.2.3"]
    assert (row.threat_type, row.comment) == ("scan", "vague du soir")
    assert str(row.marking) == "TLP:GREEN PAP:AMBER", "what carries a marking keeps it"
    assert row.tags == ["cert", "cas", "vpn"]


def test_a_threat_that_is_given_as_other_is_given(sender: Sender) -> None:
    sender.text(CHAT, "?threat_type=other")
    assert said()["45.1.2.3"].threat_type == "other"


def test_a_label_of_a_line_tightens_what_stands_and_never_loosens(sender: Sender) -> None:
    sender.text("45.1.2.3\n45.1.2.4", "?tlp=GREEN")
    answer = sender.text("45.1.2.3 TLP:AMBER+STRICT\n45.1.2.4 TLP:CLEAR")
    assert [str(said()[f"45.1.2.{n}"].marking.tlp.label) for n in (3, 4)] == ["AMBER+STRICT", "GREEN"]
    assert "marking_kept" in answer.json()["items"][1]["warnings"]


def test_a_value_in_red_for_the_community_is_refused_and_told(sender: Sender) -> None:
    items = sender.text("45.1.2.3 TLP:RED\n45.1.2.4").json()["items"]
    assert [(item["status"], item["reason"]) for item in items] == [
        ("refused", "red_names_persons"), ("accepted", None),
    ]  # fmt: skip
    assert list(said()) == ["45.1.2.4"]


def test_what_its_line_calls_harmless_is_refused_aloud(sender: Sender) -> None:
    answer = sender.text("45.1.2.3 est un faux positif\n45.1.2.4 scan").json()
    assert [item["reason"] for item in answer["items"]] == ["said_harmless", None]
    assert answer["counts"] == {"received": 2, "accepted": 1, "refreshed": 0, "refused": 1}
    assert sender.json("45.1.2.3").json()["counts"]["accepted"] == 1


def test_what_a_comment_or_a_url_only_mentions_is_no_item(sender: Sender) -> None:
    digest = "3f" * 32
    text = f"# vu chez https://a-blog.org/post\n45.1.2.3\nhttps://evil-campus.org/{digest}\nevil-campus[.]net/gate"
    answer = sender.text(text).json()
    assert [item["type"] for item in answer["items"]] == ["ipv4", "url", "url"]
    assert answer["lines_without_indicator"] == [1]


def test_a_dry_run_answers_the_same(sender: Sender) -> None:
    before = row_counts()
    tried = sender.text(CHAT + "\n45.1.2.9 légitime", "?dry_run=1").json()
    assert row_counts() == before
    done = sender.text(CHAT + "\n45.1.2.9 légitime").json()
    silent = ("indicator",)
    bare = [[{k: v for k, v in item.items() if k not in silent} for item in each["items"]] for each in (tried, done)]
    assert bare[0] == bare[1]
    assert tried["counts"] == done["counts"]


def test_a_password_beside_a_value_is_in_no_comment(sender: Sender) -> None:
    sender.text("45.1.2.3 vu avec jean.dupont@univ-valbrune.fr:Tr0ub4dor-7 puis mot de passe: Tr0ub4dor-7 hier")
    assert "Tr0ub4dor-7" not in said()["45.1.2.3"].comment
    assert "Tr0ub4dor-7" not in Submission.objects.get().raw


def worked_off(answer: Any) -> Submission:
    assert answer.status_code == 202, answer.json()
    held = Submission.objects.get(public_id=answer.json()["id"])
    while work_on(held.pk):
        pass
    held.refresh_from_db()
    return held


def test_a_long_text_says_the_same_of_its_lines(sender: Sender, working: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queueing, "hint", lambda pk: None)
    text = CHAT + "\n" + "\n".join(f"45.2.{n // 250}.{n % 250} scan TLP:CLEAR" for n in range(600))
    held = worked_off(sender.text(text))
    assert (held.received, held.accepted) == (602, 602)
    rows = said()
    assert (str(rows["45.1.2.3"].marking), rows["45.1.2.3"].threat_type) == ("TLP:GREEN PAP:AMBER", "brute-force")
    assert (str(rows["45.2.1.1"].marking), rows["45.2.1.1"].threat_type) == ("TLP:CLEAR PAP:GREEN", "scan")


@override_settings(BULK_READ_AT_ONCE=100)
def test_a_heading_holds_for_the_pieces_of_a_text_that_the_worker_reads(
    sender: Sender, working: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queueing, "hint", lambda pk: None)
    monkeypatch.setattr(queueing, "TEXT_PIECE", 60)
    lines = "\n\n".join(f"vu 45.2.0.{n} ce matin" for n in range(12))
    held = worked_off(sender.text(f"Diffusion : TLP:AMBER+STRICT PAP:RED\n\n{lines}\n\nPuis : TLP:GREEN\n\n45.2.0.99"))
    assert held.parts > 2
    markings = {value: str(row.marking) for value, row in said().items()}
    assert markings.pop("45.2.0.99") == "TLP:GREEN PAP:RED"
    assert set(markings.values()) == {"TLP:AMBER+STRICT PAP:RED"}
    assert len(markings) == 12


PAGE = "<html><p>brute-force CAS depuis evil-campus.org</p><p>evil-propre.fr est légitime</p></html>".encode()


def test_a_page_says_what_a_text_would_and_only_what_its_sender_does_not(sender: Sender) -> None:
    answer = sender.raw(PAGE, "text/html")
    assert [(item["value"], item["reason"]) for item in answer.json()["items"]] == [
        ("evil-campus.org", None),
        (None, "said_harmless"),
    ]
    found = said()["evil-campus.org"]
    assert (found.threat_type, found.comment) == ("brute-force", "brute-force CAS depuis")
    sender.raw(PAGE.replace(b"campus", b"autre"), "text/html", "?threat_type=scan&comment=vu+hier")
    found = said()["evil-autre.org"]
    assert (found.threat_type, found.comment) == ("scan", "vu hier")
