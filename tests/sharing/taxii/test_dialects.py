"""Tokens made with a tool's card: the same content in the form that the tool needs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from iocmarket.accounts.models import Token
from iocmarket.accounts.roles import Role, Scope
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import FULL, TLP
from tests.factories import Reader, contribute, make_institution, make_member, make_token, publish
from tests.sharing.taxii.depositor import BOTH, Depositor, stix
from tests.sharing.taxii.machine import Machine

AMBER_1 = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
AMBER_2 = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
STRICT_2 = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
OLD = {
    "613f2e26-407d-48c7-9eca-b8e91df99dc9", "34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "f88d31f6-486f-44da-b317-01333bde0b82",
}  # fmt: skip


def _for(machine: Machine, tool: str) -> Machine:
    """The same institution through a token made with that card."""
    secret = make_token(machine.reader.institution, tool=tool)
    return Machine(Reader(machine.reader.institution, secret))


def _objects(machine: Machine, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = machine.get(f"{machine.collection()}objects/", query).json()["objects"]
    return found


def test_an_empty_page_has_an_empty_list_for_elastic_alone(machine: Machine) -> None:
    path, query = f"{machine.collection()}objects/", {"added_after": "2999-01-01T00:00:00Z"}
    assert machine.get(path, query).json() == {"more": False}
    assert _for(machine, "xsoar").get(path, query).json() == {"more": False}
    elastic = _for(machine, "elastic")
    assert elastic.get(path, query).json() == {"more": False, "objects": []}
    assert elastic.get(path).content == machine.get(path).content
    assert elastic.get(f"{elastic.collection('Dépôt')}objects/").json() == {"more": False, "objects": []}


def test_xsoar_reads_the_markings_that_it_knows_beside_the_others(machine: Machine) -> None:
    contribute(make_institution(), tlp=TLP.AMBER_STRICT)
    publish()
    plain, told = _objects(machine), _objects(_for(machine, "xsoar"))
    older = [found for found in told if found["id"].partition("--")[2] in OLD]
    assert {found["definition"]["tlp"] for found in older} == {"white", "green", "amber"}
    assert len(older) == 3
    rest = [found for found in told if found not in older]
    assert [found["id"] for found in rest] == [found["id"] for found in plain]
    for mine, theirs in zip(plain, rest, strict=True):
        refs = theirs.pop("object_marking_refs", None)
        added = [AMBER_1] if AMBER_2 in mine.get("object_marking_refs", []) else []
        assert refs == (mine["object_marking_refs"] + added if "object_marking_refs" in mine else None)
        assert theirs == {name: value for name, value in mine.items() if name != "object_marking_refs"}
    assert any(STRICT_2 in found.get("object_marking_refs", []) for found in plain)


@pytest.mark.parametrize("limit", [2, 3, 7, 1000])
@pytest.mark.parametrize("end", ["objects/", "manifest/"])
def test_xsoar_pages_are_whole_and_never_too_long(machine: Machine, limit: int, end: str) -> None:
    xsoar = _for(machine, "xsoar")
    path = xsoar.collection() + end
    whole = [found["id"] for found in xsoar.get(path).json()["objects"]]
    seen: list[str] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        page = xsoar.get(path, query).json()
        assert 0 < len(page["objects"]) <= limit
        seen += [found["id"] for found in page["objects"]]
        if not page["more"]:
            break
        query = {"next": page["next"]}
    assert seen == whole
    assert len(xsoar.get(path, {"limit": 1}).json()["objects"]) == 1


def test_what_was_posted_stays_as_it_is_for_xsoar_too(db: None) -> None:
    institution = make_institution()
    depositor = Depositor(Reader(institution, make_token(institution, scopes=BOTH, tool="xsoar")))
    one = stix(object_marking_refs=[AMBER_2])
    depositor.stored(one)
    assert depositor.objects() == [one]


def test_a_token_is_made_for_a_tool_on_the_page(db: None) -> None:
    institution = make_institution()
    manager = Client()
    manager.force_login(make_member(institution, role=Role.MANAGER))
    form = {
        "name": "SIEM", "scopes": [Scope.INDICATORS_READ.value], "days": "90", "tool": "elastic",
        "tlp_ceiling": str(FULL.tlp.value), "operated_by": "self",
    }  # fmt: skip
    assert manager.post("/account/tokens", form).status_code == 200
    assert Token.objects.get(institution=institution).tool == "elastic"
    assert manager.post("/account/tokens", {**form, "tool": "toaster"}).status_code == 422


def test_a_tool_that_is_none_is_refused(db: None) -> None:
    with pytest.raises(Refusal, match="unknown_tool"):
        make_token(make_institution(), tool="toaster")


def test_the_page_tells_xsoar_how_to_connect(db: None) -> None:
    institution = make_institution()
    manager = Client()
    manager.force_login(make_member(institution, role=Role.MANAGER))
    page = manager.get("/account/tokens").content.decode()
    assert "Cortex XSOAR" in page
    assert "_api_token_key" in page
