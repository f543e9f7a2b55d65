"""A value that others keep to themselves is, for everybody else, a value never seen: same answer, same statements."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from iocmarket.indicators.models import Contribution
from tests.factories import contribute, make_institution, publish
from tests.ingestion.submissions.conftest import Sender
from tests.statements import statements_of

HIDDEN, UNKNOWN = "45.1.2.3", "45.1.2.4"


@pytest.fixture(params=["own", "recipients", "withdrawn"])
def hidden(request: pytest.FixtureRequest, other: Sender) -> Contribution:
    """A statement of another institution on HIDDEN that the sender may not see."""
    if request.param == "own":
        made = contribute(other.institution, HIDDEN, audience="own")
    elif request.param == "recipients":
        made = contribute(other.institution, HIDDEN, audience="recipients", recipients=[make_institution()])
    else:
        made = contribute(other.institution, HIDDEN)
        other.delete(made.public_id)
    publish()
    return made


def answer_without_value(answer: Any, value: str) -> str:
    """An answer's status, headers and body without the value that was sent and the ids that are always new."""
    body = answer.content.decode().replace(value, "VALUE")
    body = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", body)
    headers = sorted((name, "ID" if name == "Location" else text) for name, text in answer.headers.items())
    return f"{answer.status_code} {headers} {body}"


def compare(act: Callable[[str], Any], *, times: int = 1) -> None:
    """The act on the hidden and on the unknown value: one answer, the same statements."""
    for _ in range(times):
        seen: dict[str, tuple[str, list[str]]] = {}
        for value in (HIDDEN, UNKNOWN):
            answers: list[Any] = []
            statements = statements_of(lambda value=value, answers=answers: answers.append(act(value)))  # type: ignore[misc]
            seen[value] = (answer_without_value(answers[0], value), statements)
        assert seen[HIDDEN][0] == seen[UNKNOWN][0]
        assert seen[HIDDEN][1] == seen[UNKNOWN][1]
        assert seen[HIDDEN][1], "something was asked"


def test_submitting_it(hidden: Contribution, sender: Sender) -> None:
    sender.json("45.9.9.9")  # the token's first use is noted
    compare(sender.json, times=2)


def test_submitting_it_as_text(hidden: Contribution, sender: Sender) -> None:
    sender.json("45.9.9.9")
    compare(sender.text, times=2)


def test_trying_it(hidden: Contribution, sender: Sender) -> None:
    sender.json("45.9.9.9")
    compare(lambda value: sender.json(value, query="?dry_run=1"))


def test_submitting_it_into_a_report(hidden: Contribution, sender: Sender) -> None:
    sender.json("45.9.9.9", report={"title": "Faux CAS"})
    compare(lambda value: sender.json(value, report={"title": "Faux CAS"}))


def test_submitting_it_to_its_author(hidden: Contribution, sender: Sender, other: Sender) -> None:
    sender.json("45.9.9.9")
    name = other.institution.name
    compare(lambda value: sender.json({"value": value, "audience": "recipients", "recipients": [name]}))


def test_reading_the_answer_again(hidden: Contribution, sender: Sender) -> None:
    urls = {value: sender.json(value).json()["items_url"] for value in (HIDDEN, UNKNOWN)}
    compare(lambda value: sender.client.get(urls[value]))


def test_withdrawing_it(hidden: Contribution, sender: Sender) -> None:
    sender.json("45.9.9.9")
    nobody = UUID("6f1c2f9e-3b57-4f0e-9a57-0c5b1d2e3f40")
    ids = {HIDDEN: hidden.public_id, UNKNOWN: nobody}
    compare(lambda value: sender.delete(ids[value]))
    compare(
        lambda value: sender.client.patch(f"/api/v1/contributions/{ids[value]}", "{}", content_type="application/json")
    )


def test_withdrawing_ones_own_statement_on_it(hidden: Contribution, sender: Sender) -> None:
    for value in (HIDDEN, UNKNOWN):
        sender.json(value)
    ids = {row.indicator.value: row.public_id for row in Contribution.unscoped.filter(institution=sender.institution)}
    compare(lambda value: sender.delete(ids[value]))


def test_the_statement_of_the_other_is_untouched(hidden: Contribution, sender: Sender) -> None:
    before = Contribution.unscoped.values().get(pk=hidden.pk)
    sender.json({"value": HIDDEN, "tlp": "CLEAR", "comment": "mine", "anonymous": True})
    sender.delete(hidden.public_id)
    assert Contribution.unscoped.values().get(pk=hidden.pk) == before


def test_many_values_ask_as_little_as_one(sender: Sender) -> None:
    sender.json("45.9.9.9")
    one = statements_of(lambda: sender.json("45.2.0.1"))
    many = statements_of(lambda: sender.json(*(f"45.3.0.{n}" for n in range(200))))
    assert len(many) == len(one)


def test_an_answer_names_no_other_institution(hidden: Contribution, sender: Sender, other: Sender) -> None:
    body = json.dumps(sender.json(HIDDEN, query="?dry_run=1").json())
    assert other.institution.name not in body
