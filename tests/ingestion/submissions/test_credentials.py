"""Passwords that people paste: answered as refused, and in no row, no log and no answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from ingestion.submissions.models import Submission, SubmissionItem
from iocmarket.indicators.models import Contribution
from tests.ingestion.submissions.conftest import Sender

SECRET = "Tr0ub4dor-7"
PASTES = [
    f"jean.dupont@univ-valbrune.fr:{SECRET}",
    f"45.1.2.3\njean.dupont@univ-valbrune.fr:{SECRET}\nevil[.]fr",
    f"Bonjour, on a trouvé jean.dupont@univ-valbrune.fr:{SECRET} dans un dump, et hxxp://evil[.]fr/x",
    f"jean.dupont[@]univ-valbrune[.]fr:{SECRET}",
    f"https://ent.univ-valbrune.fr/login:jdupont:{SECRET}",
    f"jdupont:{SECRET}@univ-valbrune.fr",
    f"email;password\njean@univ-valbrune.fr;{SECRET}\npaul@univ-valbrune.fr;{SECRET}",
    f"login: jdupont\npassword: {SECRET}\n\n45.1.2.3",
    f"mot de passe : {SECRET}\nidentifiant : jdupont",
]


def everything_stored() -> str:
    """Every column of every row that a submission leaves, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT string_agg(t::text, E'\\n') FROM \"{table}\" t")
            found.append(cursor.fetchone()[0] or "")
    return "\n".join(found)


def kept_nowhere(answer: Any, logged: pytest.LogCaptureFixture) -> None:
    """The secret is in no row, in no log line and not in the answer."""
    assert answer.status_code in {200, 201}
    assert SECRET not in answer.content.decode()
    assert SECRET not in everything_stored()
    assert SECRET not in logged.text


@pytest.mark.parametrize("paste", PASTES)
def test_a_pasted_password_is_kept_nowhere(paste: str, sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    kept_nowhere(sender.text(paste), caplog)
    kept_nowhere(sender.json(text=paste), caplog)
    assert Submission.objects.exclude(raw="").exists()


@pytest.mark.parametrize("paste", PASTES[:3])
def test_the_sender_is_told_that_a_line_held_a_password(paste: str, sender: Sender) -> None:
    items = sender.text(paste).json()["items"]
    assert "credential" in [item["reason"] for item in items]
    assert SubmissionItem.objects.filter(reason="credential").exists()


@pytest.mark.parametrize("value", [PASTES[0], PASTES[3], PASTES[4], PASTES[5]])
@pytest.mark.parametrize("type_name", [None, "email", "url", "domain", "ipv4"])
def test_a_password_in_an_item_is_kept_nowhere_whatever_its_type(
    value: str, type_name: str | None, sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    answer = sender.json({"value": value, "type": type_name}, "45.1.2.3")
    kept_nowhere(answer, caplog)
    assert [item["reason"] for item in answer.json()["items"]] == ["credential", None]


def test_the_rest_of_a_text_is_kept_as_it_was(sender: Sender) -> None:
    sender.text(PASTES[1])
    raw = Submission.objects.get().raw
    assert raw.startswith("45.1.2.3\n")
    assert raw.endswith("\nevil[.]fr")
    assert len(raw.split("\n")) == 3


def test_a_password_in_a_comment_is_kept_nowhere(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    told = f"compte compromis : jean.dupont@univ-valbrune.fr:{SECRET} (voir ticket)"
    kept_nowhere(sender.json("45.1.2.3", defaults={"comment": told}), caplog)
    kept_nowhere(sender.json({"value": "45.1.2.4", "comment": told}), caplog)
    kept_nowhere(sender.text("45.1.2.5", f"?comment={told}"), caplog)
    assert {row.comment.endswith("(voir ticket)") for row in Contribution.unscoped.all()} == {True}


def test_a_password_in_a_report_is_kept_nowhere(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    told = f"jean.dupont@univ-valbrune.fr:{SECRET}"
    kept_nowhere(sender.json("45.1.2.3", report={"title": told, "description": f"vu : {told}"}), caplog)


def test_an_address_without_password_is_an_indicator(sender: Sender) -> None:
    assert sender.json("jean.dupont@univ-evil.fr").json()["counts"]["accepted"] == 1
