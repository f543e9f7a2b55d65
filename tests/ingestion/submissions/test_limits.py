"""At the edge of what is taken: five hundred items, odd values one by one, French files."""

from __future__ import annotations

import pytest

from iocmarket.indicators.models import Contribution
from tests.ingestion.submissions.conftest import Sender


def test_five_hundred_items_are_taken_at_once(sender: Sender) -> None:
    values = [f"45.1.{n // 250}.{n % 250}" for n in range(500)]
    assert sender.json(*values).json()["counts"]["accepted"] == 500
    assert sender.text("\n".join(values)).json()["counts"]["refreshed"] == 500


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("x" * 5000, "too_long"),
        ("45.1.2.3\n45.1.2.4", "control_character"),
        ("evil\u0007.fr", "control_character"),
        ({"value": "45.1.2.3", "type": "ipv7"}, "unknown_type"),
        ({"value": "45.1.2.3", "type": "x" * 500}, "unknown_type"),
        ("un mot", "no_indicator"),
        ("127.0.0.1", "loopback"),
        ({"value": "0" * 32, "type": "md5"}, "null_hash"),
    ],
)
def test_an_odd_value_is_refused_alone(value: object, reason: str, sender: Sender) -> None:
    body = sender.json("45.1.2.9", value).json()
    assert [(item["status"], item["reason"]) for item in body["items"]] == [("accepted", None), ("refused", reason)]


def test_an_odd_value_can_be_read_again(sender: Sender) -> None:
    first = sender.json("45.1.2.3\n", "x" * 5000, {"value": "y", "type": "z" * 500}).json()
    again = sender.client.get(first["items_url"]).json()
    assert [item["reason"] for item in again["items"]] == [item["reason"] for item in first["items"]]


@pytest.mark.parametrize("charset", ["", "; charset=windows-1252", "; charset=iso-8859-1"])
def test_a_french_file_in_windows_1252_is_read(charset: str, sender: Sender) -> None:
    text = "Détecté à Mériane « hier » :\r\nhttp://évil.fr/é\r\n45.1.2.3 – brute force\r\n"
    answer = sender.raw(text.encode("cp1252"), f"text/plain{charset}")
    values = [item["value"] for item in answer.json()["items"] if item["status"] == "accepted"]
    assert values == ["http://xn--vil-9la.fr/%C3%A9", "45.1.2.3"]


def test_utf_8_with_a_byte_order_mark_is_read(sender: Sender) -> None:
    assert sender.raw(b"\xef\xbb\xbf45.1.2.3", "text/plain").json()["counts"]["accepted"] == 1
    assert sender.raw(b'\xef\xbb\xbf{"indicators":["45.1.2.3"]}').json()["counts"]["refreshed"] == 1


def test_what_a_windows_shell_writes_is_read(sender: Sender) -> None:
    assert sender.raw("\ufeff45.1.2.3\r\n".encode("utf-16-le"), "text/plain").json()["counts"]["accepted"] == 1


def test_an_empty_list_is_an_empty_answer(sender: Sender) -> None:
    answer = sender.json(indicators=[])
    assert answer.status_code == 201
    assert answer.json()["counts"]["received"] == 0
    assert not Contribution.unscoped.exists()
