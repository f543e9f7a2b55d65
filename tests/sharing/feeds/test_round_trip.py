"""What our feeds write is what our readers read: another institution that imports them says the same.

Equal are type, value, whether names below are meant, TLP and PAP; from STIX also confidence, tags, threat, and each
report with its title, description, marking and indicators. What a feed tells of several institutions at once (whose
statement, which comment) is not said again; what is AMBER or stricter stays with the importer.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Contribution, Report
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.marking import PAP, TLP
from tests.factories import publish
from tests.ingestion.submissions.conftest import Sender

pytestmark = pytest.mark.django_db
MARKINGS = [(tlp, pap) for tlp in TLP if tlp is not TLP.RED for pap in PAP]


def every_type() -> list[dict[str, Any]]:
    """One value of each type under each marking in turn."""
    examples = [(kind.name, raw) for kind in ioc_types for raw, _canonical in kind.examples[:1]]
    found = []
    for number, (name, raw) in enumerate(examples):
        tlp, pap = MARKINGS[number % len(MARKINGS)]
        found.append(
            {
                "value": raw, "type": name, "tlp": tlp.label, "pap": pap.label, "threat_type": "c2",
                "confidence": 40 + number, "tags": ["campaign-7"],
            }
        )  # fmt: skip
    found += [
        {"value": "*.evil-wide.fr", "tlp": "GREEN"},
        {"value": "+33 1 99 00 12 34", "type": "phone", "tlp": "CLEAR"},
        {"value": "=cmd|'/c'!A1", "type": "mutex", "tlp": "CLEAR"},
        {"value": "https://evil-quote.fr/it's;a,b", "type": "url", "tlp": "GREEN"},
    ]
    return found


def shared(sender: Sender, **document: Any) -> None:
    answer = sender.json(*document.pop("indicators"), **document)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["counts"]["refused"] == 0, [item for item in answer.json()["items"] if item["reason"]]


def told(institution: Institution, *more: str) -> set[tuple[Any, ...]]:
    names = ("indicator__type", "indicator__value", "subtree", "tlp", "pap", *more)
    rows = Contribution.unscoped.filter(institution=institution).values_list(*names)
    return {tuple(tuple(each) if isinstance(each, list) else each for each in row) for row in rows}


def reports(institution: Institution) -> dict[str, Any]:
    return {
        report.title: (
            report.description, report.tlp, report.pap,
            {row.indicator.value for row in Contribution.unscoped.filter(report=report).select_related("indicator")},
        )
        for report in Report.objects.filter(institution=institution)
    }  # fmt: skip


def feed(client: Client, path: str) -> bytes:
    answer: Any = client.get(path)
    assert answer.status_code == 200
    return b"".join(answer) if answer.streaming else answer.content


def test_our_stix_says_the_same_when_another_institution_imports_it(sender: Sender, other: Sender) -> None:
    shared(sender, indicators=every_type())
    for title, tlp, values in (
        ("Une campagne", "GREEN", ["45.1.2.3", "evil-one.fr"]),
        ("Other", "GREEN", ["45.1.2.3"]),
    ):
        one = [{"value": value, "tlp": tlp, "threat_type": "phishing"} for value in values]
        shared(sender, indicators=one, report={"title": title, "description": "Vu hier."}, defaults={"tlp": tlp})
    publish()
    answer = other.raw(feed(other.client, "/feeds/stix"), "application/stix+json;version=2.1")
    assert answer.status_code == 201, answer.json()
    assert [item for item in answer.json()["items"] if item["status"] == "refused"] == []
    assert told(other.institution) == told(sender.institution)
    assert reports(other.institution) == reports(sender.institution)
    alone = {row for row in told(sender.institution, "threat_type", "confidence", "tags") if row[-1]}
    assert alone <= told(other.institution, "threat_type", "confidence", "tags")


@pytest.mark.parametrize("separator", ["comma", "semicolon", "tab"])
def test_our_csv_says_the_same_when_another_institution_imports_it(
    separator: str, sender: Sender, other: Sender
) -> None:
    shared(sender, indicators=every_type())
    publish()
    answer = other.csv(feed(other.client, f"/feeds/csv?separator={separator}").decode())
    assert answer.status_code == 201, answer.json()
    assert [item for item in answer.json()["items"] if item["status"] == "refused"] == []
    assert told(other.institution, "threat_type") == told(sender.institution, "threat_type")
