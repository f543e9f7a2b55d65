"""A long submission that looks like poison is shared after an administrator has looked, or never."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from ingestion.submissions import queueing
from ingestion.submissions.models import Submission
from ingestion.submissions.tasks import sweep
from ingestion.submissions.working import work_on
from iocmarket.audit.models import Event
from iocmarket.indicators.models import Contribution
from tests.factories import make_institution, make_member
from tests.ingestion.submissions.conftest import Sender

pytestmark = pytest.mark.usefixtures("working")
POISON = [f"cas{n}.univ-valbrune.fr" for n in range(150)]
PLAIN = [f"45.1.{n // 250}.{n % 250}" for n in range(600)]


@pytest.fixture(autouse=True)
def _by_hand(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queueing, "hint", lambda pk: None)
    make_institution(domains=["univ-valbrune.fr"])


def sent(sender: Sender, lines: list[str]) -> Submission:
    answer = sender.csv("\n".join(["value", *lines]))
    assert answer.status_code == 202
    submission = Submission.objects.get(public_id=answer.json()["id"])
    while work_on(submission.pk):
        pass
    submission.refresh_from_db()
    return submission


def administrator() -> Client:
    client = Client()
    client.force_login(make_member(administrator=True))
    return client


def told(sender: Sender, submission: Submission) -> Any:
    return sender.client.get(f"/api/v1/submissions/{submission.public_id}").json()


def test_poison_waits_and_is_shared_once_released(sender: Sender) -> None:
    submission = sent(sender, PLAIN + POISON)
    assert (submission.state, submission.held, Contribution.unscoped.count()) == ("queued", "held", 0)
    assert (told(sender, submission)["state"], told(sender, submission)["held"]) == ("queued", True)
    assert not work_on(submission.pk)
    assert sweep() == 0
    client = administrator()
    page = client.get("/community/submissions").content.decode()
    assert sender.institution.name in page
    assert "150" in page
    assert "valbrune.fr" not in page, "figures, no values"
    assert client.post(f"/community/submissions/{submission.public_id}", {"act": "release"}).status_code == 302
    while work_on(submission.pk):
        pass
    submission.refresh_from_db()
    assert (submission.state, submission.accepted, told(sender, submission)["held"]) == ("done", 750, False)
    acts = Event.objects.filter(subject_id=submission.public_id).order_by("pk").values_list("action", flat=True)
    assert [act for act in acts if "held" in act or "released" in act] == ["submission.held", "submission.released"]


def test_what_is_refused_is_never_shared(sender: Sender) -> None:
    submission = sent(sender, PLAIN + POISON)
    client = administrator()
    for _again in range(2):
        client.post(f"/community/submissions/{submission.public_id}", {"act": "refuse"})
    submission.refresh_from_db()
    assert (submission.state, submission.failure, submission.held_parts.count()) == ("failed", "refused_in_review", 0)
    client.post(f"/community/submissions/{submission.public_id}", {"act": "release"})
    assert not work_on(submission.pk)
    assert Contribution.unscoped.count() == 0


def test_a_report_with_some_harmless_values_does_not_wait(sender: Sender) -> None:
    submission = sent(sender, PLAIN + POISON[:60])
    assert (submission.state, submission.held, submission.accepted) == ("done", "", 660)
