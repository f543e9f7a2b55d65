"""Everything that one submission said is taken back at once, for every reader; what stood before stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from ingestion.submissions import queueing
from ingestion.submissions.models import Submission
from ingestion.submissions.taking_back import take_back_all
from ingestion.submissions.working import work_on
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.indicators import taking_back
from iocmarket.indicators.models import Contribution
from iocmarket.publication.models import Entry
from iocmarket.publication.publisher import run_until_idle
from tests.factories import make_institution, make_member
from tests.ingestion.submissions.conftest import Sender


def live() -> set[str]:
    said = Contribution.unscoped.filter(withdrawn_at__isnull=True)
    return set(said.values_list("indicator__value", flat=True))


def submission_of(answer: dict[str, Any]) -> Submission:
    return Submission.objects.get(public_id=answer["id"])


def test_what_it_said_goes_and_what_stood_before_stays(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_back, "CHUNK", 2)
    sender.text("45.1.2.3")
    other = Sender(make_institution())
    other.text("45.1.2.5")
    answer = sender.text("45.1.2.3\n45.1.2.4\n45.1.2.5\n45.1.2.6").json()
    run_until_idle()
    count = take_back_all(submission_of(answer), viewer=sender.viewer)
    run_until_idle()
    assert count == 3
    assert live() == {"45.1.2.3", "45.1.2.5"}
    shown = Entry.objects.filter(state=Entry.State.LIVE).values_list("indicator__value", flat=True)
    assert set(shown) == {"45.1.2.3", "45.1.2.5"}
    acts = Event.objects.filter(action="contribution.withdrawn", subject_id=answer["id"])
    assert [event.details["count"] for event in acts.order_by("pk")] == [2, 1]
    assert take_back_all(submission_of(answer), viewer=sender.viewer) == 0


@pytest.mark.usefixtures("working")
def test_one_that_waits_is_stopped_and_never_goes_on(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queueing, "hint", lambda pk: None)
    answer = sender.text("\n".join(f"45.1.{n // 250}.{n % 250}" for n in range(600))).json()
    submission = submission_of(answer)
    take_back_all(submission, viewer=sender.viewer)
    assert not work_on(submission.pk)
    submission.refresh_from_db()
    assert (submission.state, submission.failure, submission.held_parts.count()) == ("failed", "taken_back", 0)
    assert live() == set()


def test_the_page_asks_then_does_for_those_who_may_write(sender: Sender) -> None:
    answer = sender.text("45.1.2.3\n45.1.2.4").json()
    path = f"/share/{answer['id']}/withdraw"
    for member in (make_member(sender.institution, role=Role.READER), make_member()):
        client = Client()
        client.force_login(member)
        assert client.post(path).status_code == 404
    client = Client()
    client.force_login(make_member(sender.institution))
    assert "2 avis" in client.get(path).content.decode()
    assert live() == {"45.1.2.3", "45.1.2.4"}
    assert path in client.get(f"/share/{answer['id']}").content.decode()
    assert client.post(path).status_code == 302
    assert live() == set()


def test_a_machine_takes_back_what_its_institution_sent_and_nobody_else_does(sender: Sender) -> None:
    answer = sender.text("45.1.2.3\n45.1.2.4").json()
    path = f"/api/v1/submissions/{answer['id']}"
    assert Sender().client.delete(path).status_code == 404
    assert live() == {"45.1.2.3", "45.1.2.4"}
    assert sender.client.delete(path).json() == {"id": answer["id"], "withdrawn": 2}
    assert sender.client.delete(path).json()["withdrawn"] == 0
    assert live() == set()
