"""What we write as MISP and read again is what it was: values, types, labels, threats, the author's tags."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.marking import PAP, TLP
from sharing.misp.types import category_of, describe_types, written
from tests.factories import contribute, make_institution, make_token, publish
from tests.sharing.misp.wire import Machine

LEVELS = [(tlp, pap) for tlp in (TLP.CLEAR, TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT) for pap in PAP]


@pytest.mark.parametrize("kind", list(ioc_types), ids=lambda kind: kind.name)
def test_every_type_has_a_type_of_misp_that_its_clients_know(kind: object) -> None:
    described = describe_types()
    for raw, _canonical in getattr(kind, "examples"):  # noqa: B009 (any type)
        value = ioc_types[getattr(kind, "name")].normalise(raw, explicit=True).value  # noqa: B009
        for threat in ("scan", "c2"):
            found = written(getattr(kind, "name"), value, threat_type=threat, subtree=True)  # noqa: B009
            assert found.type in described["types"]
            assert category_of(found.type) in described["categories"]
            assert found.type in described["sane_defaults"]


def _said(institution: Institution) -> set[tuple[object, ...]]:
    rows = Contribution.unscoped.filter(institution=institution).select_related("indicator")
    return {
        (row.indicator.type, row.indicator.value, row.tlp, row.pap, row.threat_type, tuple(sorted(row.tags)))
        for row in rows
    }


@pytest.mark.django_db
def test_what_is_exported_and_imported_says_the_same(author: Institution, machine: Machine) -> None:
    threats = list(ThreatType.values)
    number = 0
    for kind in ioc_types:
        if kind.name == "phone":  # personal data of a caller: read from MISP only where its type says so
            continue
        for raw, canonical in kind.examples:
            if Contribution.unscoped.filter(indicator__type=kind.name, indicator__value=canonical).exists():
                continue
            tlp, pap = LEVELS[number % len(LEVELS)]
            tags = ["tool:x", "é"] if number % 3 else []
            contribute(
                author, raw, type_name=kind.name, tlp=tlp, pap=pap, threat_type=threats[number % len(threats)],
                tags=tags,
            )  # fmt: skip
            number += 1
    publish()
    document = {"response": machine.found("/events/restSearch", {})}
    importer = make_institution("Importatrice")
    token = make_token(importer, scopes=[Scope.INDICATORS_WRITE])
    answer = Client(headers={"Authorization": f"Bearer {token}"}).post(
        "/api/v1/submissions", json.dumps(document), content_type="application/vnd.misp+json"
    )
    assert answer.status_code == 201, answer.content[:500]
    refused = [(one["input"], one["reason"]) for one in answer.json()["items"] if one["status"] == "refused"]
    assert refused == []
    assert _said(importer) == _said(author)
