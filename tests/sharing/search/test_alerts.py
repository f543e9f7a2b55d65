"""The alert of whoever asked for care: on the first page, over the API, and gone once somebody has taken note."""

from __future__ import annotations

import pytest
from django.test import Client

from iocmarket.accounts.models import Institution
from iocmarket.indicators.circulation import note_circulation
from iocmarket.indicators.models import Alert
from iocmarket.kernel.marking import PAP
from tests.factories import contribute, make_institution, make_member, make_token, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def careful() -> Institution:
    """Asked for PAP:RED; another one shares the same value with PAP:GREEN."""
    institution, other = make_institution(), make_institution()
    rows = [contribute(institution, "45.7.7.7", pap=PAP.RED), contribute(other, "45.7.7.7", pap=PAP.GREEN)]
    note_circulation({row.indicator_id for row in rows})
    publish()
    return institution


def page(institution: Institution) -> Client:
    """A person of the institution."""
    client = Client()
    client.force_login(make_member(institution))
    return client


def test_home_shows_it_until_somebody_has_taken_note(careful: Institution) -> None:
    person, alert = page(careful), Alert.objects.get()
    shown = person.get("/").content.decode()
    assert "circulating-title" in shown
    assert "PAP:GREEN" in shown
    assert person.post(f"/alerts/{alert.public_id}/seen", follow=True).status_code == 200
    assert "circulating-title" not in person.get("/").content.decode()


def test_nobody_else_sees_or_settles_it(careful: Institution) -> None:
    alert = Alert.objects.get()
    stranger = page(make_institution())
    assert "circulating-title" not in stranger.get("/").content.decode()
    assert stranger.post(f"/alerts/{alert.public_id}/seen").status_code == 404
    assert Alert.objects.get().seen_at is None


def test_machines_read_it(careful: Institution) -> None:
    machine = Client(headers={"Authorization": f"Bearer {make_token(careful)}"})
    (told,) = machine.get("/api/v1/alerts").json()["alerts"]
    assert (told["kind"], told["pap"], told["weakest_pap"], told["seen"]) == ("circulates", "RED", "GREEN", False)
    page(careful).post(f"/alerts/{told['id']}/seen")
    assert machine.get("/api/v1/alerts?unseen=1").json() == {"alerts": []}
    assert machine.get("/api/v1/alerts").json()["alerts"][0]["seen"]
    refused = machine.get("/api/v1/alerts?nonsense=1")
    assert (refused.status_code, refused.json()["where"]) == (400, "nonsense")
