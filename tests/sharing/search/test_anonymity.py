"""A statement without a name stays without one: also by the story that it stands in."""

from __future__ import annotations

import pytest
from django.test import Client

from iocmarket.indicators.models import Report
from tests.factories import contribute, make_institution, make_member, publish

pytestmark = pytest.mark.django_db


def test_the_report_of_an_anonymous_statement_is_told_to_its_own_institution_alone() -> None:
    mine = make_institution()
    report = Report.objects.create(institution=mine, title="Faux portail")
    row = contribute(mine, "45.1.1.1", anonymous=True, report=report)
    publish()
    for institution, told in ((mine, "Faux portail"), (make_institution(), None)):
        client = Client()
        client.force_login(make_member(institution))
        answer = client.get(f"/api/v1/indicators/{row.indicator.public_id}").json()
        assert [said["report"] for said in answer["contributions"]] == [told]
        assert ("Faux portail" in client.get(f"/i/{row.indicator.public_id}").content.decode()) is bool(told)
