"""The endpoints as TAXII 2.1 words them, section by section."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.publication.models import Entry, View
from tests.factories import PASSWORD, contribute, make_institution, make_member, make_token, publish
from tests.sharing.taxii.machine import Machine

TAXII = "application/taxii+json;version=2.1"


def _is_error(response: Any, status: int) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"] == TAXII
    document = response.json()
    assert document["title"]
    assert document["http_status"] == str(status)
    assert all(isinstance(value, str) for value in document.values())


def test_discovery_names_the_one_api_root(machine: Machine) -> None:
    response = machine.get("/taxii2/")
    assert response.headers["Content-Type"] == TAXII
    assert response.json()["api_roots"] == ["/taxii2/api/"]
    assert response.json()["default"] == "/taxii2/api/"


def test_the_api_root_says_what_it_speaks(machine: Machine) -> None:
    document = machine.get("").json()
    assert document["versions"] == [TAXII]
    assert document["max_content_length"] > 0


def test_there_is_one_collection_for_each_view_and_its_titles_hold_no_dot(machine: Machine) -> None:
    collections = machine.get("collections/").json()["collections"]
    assert [c["title"] for c in collections] == ["Communauté", "Reçus", "Dépôt"]
    assert all(c["can_read"] is True and c["can_write"] is False for c in collections)
    for listed in collections:
        assert machine.get(f"collections/{listed['id']}/").json() == listed


def test_a_view_that_is_still_filled_is_no_collection(machine: Machine) -> None:
    path = machine.collection()
    View.objects.filter(audience="community").update(filled_to=0)
    assert [c["title"] for c in machine.get("collections/").json()["collections"]] == ["Reçus", "Dépôt"]
    _is_error(machine.get(path), 404)


def test_absent_hidden_and_misspelt_collections_are_the_same_404(machine: Machine) -> None:
    stranger = View.objects.exclude(audience="community").exclude(institution=machine.reader.institution).get()
    answers = []
    for name in (str(uuid4()), str(stranger.public_id), "no-such-alias", "%00", "x" * 400):
        path, one = f"collections/{name}/", f"objects/identity--{uuid4()}/"
        answers += [machine.get(path + end) for end in ("", "objects/", "manifest/", one, f"{one}versions/")]
        answers += [machine.send("POST", f"{path}objects/"), machine.send("DELETE", path + one)]
    for response in answers:
        _is_error(response, 404)
    assert len({response.content for response in answers}) == 1


@pytest.mark.parametrize(
    "path",
    [
        "nope/",
        "status/1d29c8e5-52a3-4f89-bc60-19aea7bcd678/",
        "status/not-a-uuid/",
        "/taxii2/nope/",
        "/taxii2/api//collections/",
    ],
)
def test_unknown_paths_answer_in_taxii(machine: Machine, path: str) -> None:
    _is_error(machine.get(path), 404)


def test_every_path_answers_without_its_slash_too(machine: Machine) -> None:
    collection = machine.collection()
    first = machine.get(f"{collection}objects/").json()["objects"][0]["id"]
    one = f"{collection}objects/{first}/"
    for path in ("/taxii2/", "/taxii2/api/", "collections/", collection, f"{collection}objects/",
                 f"{collection}manifest/", one, f"{one}versions/"):  # fmt: skip
        with_slash, without = machine.get(path), machine.get(path.rstrip("/"))
        assert with_slash.status_code == without.status_code == 200
        assert with_slash.content == without.content


def test_objects_are_the_stored_bodies_in_the_order_they_came(machine: Machine) -> None:
    response = machine.get(f"{machine.collection()}objects/")
    stored = Entry.objects.filter(view__audience="community").order_by("date_added")
    assert response.json()["objects"] == [json.loads(bytes(entry.body)) for entry in stored]
    assert response.json()["more"] is False
    assert "next" not in response.json()
    assert response.headers["X-TAXII-Date-Added-First"] == _stamp(stored[0])
    assert response.headers["X-TAXII-Date-Added-Last"] == _stamp(list(stored)[-1])


def _stamp(entry: Entry) -> str:
    return entry.date_added.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_the_manifest_tells_of_the_same_objects(machine: Machine) -> None:
    collection = machine.collection()
    objects = machine.get(f"{collection}objects/").json()["objects"]
    response = machine.get(f"{collection}manifest/")
    records = response.json()["objects"]
    assert [r["id"] for r in records] == [o["id"] for o in objects]
    assert {r["media_type"] for r in records} == {"application/stix+json;version=2.1"}
    assert response.headers["X-TAXII-Date-Added-Last"] == records[-1]["date_added"]
    for record, stix in zip(records, objects, strict=True):
        assert record["version"][:19] == stix.get("modified", stix["created"])[:19]


def test_one_object_and_its_versions(machine: Machine) -> None:
    collection = machine.collection()
    wanted = machine.get(f"{collection}objects/", {"match[type]": "indicator"}).json()["objects"][0]
    one = machine.get(f"{collection}objects/{wanted['id']}/")
    assert one.json()["objects"] == [wanted]
    versions = machine.get(f"{collection}objects/{wanted['id']}/versions/")
    assert versions.json()["versions"] == [wanted["modified"]]
    for response in (one, versions):
        assert response.headers["X-TAXII-Date-Added-First"] == response.headers["X-TAXII-Date-Added-Last"]


def test_an_object_that_a_filter_excludes_is_an_empty_answer_not_an_absent_one(machine: Machine) -> None:
    collection = machine.collection()
    wanted = machine.get(f"{collection}objects/").json()["objects"][0]["id"]
    response = machine.get(f"{collection}objects/{wanted}/", {"added_after": "2999-01-01T00:00:00Z"})
    assert response.status_code == 200
    assert response.json() == {"more": False}


@pytest.mark.parametrize(
    "name",
    ["indicator--1d29c8e5-52a3-4f89-bc60-19aea7bcd678", "indicator", "indicator--x", "%00", "--", "a--" + "0" * 36],
)
def test_an_unknown_object_is_a_404(machine: Machine, name: str) -> None:
    _is_error(machine.get(f"{machine.collection()}objects/{name}/"), 404)
    _is_error(machine.get(f"{machine.collection()}objects/{name}/versions/"), 404)


def test_the_id_of_another_views_object_is_a_404(machine: Machine) -> None:
    other = make_institution()
    contribute(other, audience="own")
    publish()
    hidden = Entry.objects.get(view__institution=other, stix_type="indicator")
    for collection in (machine.collection(), machine.collection("Reçus")):
        _is_error(machine.get(f"{collection}objects/indicator--{hidden.stix_id}/"), 404)
        assert machine.get(f"{collection}objects/", {"match[id]": f"indicator--{hidden.stix_id}"}).json() == {
            "more": False
        }


def test_writing_to_a_read_only_collection_is_a_403(machine: Machine) -> None:
    collection = machine.collection()
    known = machine.get(f"{collection}objects/").json()["objects"][0]["id"]
    _is_error(machine.send("POST", f"{collection}objects/"), 403)
    _is_error(machine.send("POST", f"{collection}objects/", "not json"), 403)
    _is_error(machine.send("DELETE", f"{collection}objects/{known}/"), 403)
    _is_error(machine.send("DELETE", f"{collection}objects/indicator--{uuid4()}/"), 403)


def test_a_method_that_an_endpoint_does_not_have_is_a_405_with_allow(machine: Machine) -> None:
    collection = machine.collection()
    for method, path in (("POST", "/taxii2/"), ("POST", collection), ("DELETE", f"{collection}objects/"), ("PUT", "")):
        response = machine.send(method, path)
        _is_error(response, 405)
        assert "GET" in response.headers["Allow"]


def test_head_answers_the_headers_of_get(machine: Machine) -> None:
    response = machine.send("HEAD", f"{machine.collection()}objects/", "")
    assert response.status_code == 200
    assert response.headers["X-TAXII-Date-Added-Last"]


ACCEPTED = [
    "", "*/*", "application/*", "application/json", "application/taxii+json", TAXII,
    "application/taxii+json; version=2.1", "text/html, */*;q=0.1",
    "application/taxii+json;version=2.1, application/json;q=0.9",
]  # fmt: skip
REFUSED = ["text/html", "application/xml", "application/taxii+json;version=2.0", "application/taxii+json;version=9.9",
           "application/vnd.oasis.taxii+json; version=2.0", "*/*;q=0", "application/stix+json;version=2.1"]  # fmt: skip


@pytest.mark.parametrize("accept", ACCEPTED)
def test_loose_accept_headers_get_the_one_media_type(machine: Machine, accept: str) -> None:
    response = machine.get("/taxii2/", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == TAXII


@pytest.mark.parametrize("accept", REFUSED)
def test_other_accept_headers_are_a_406(machine: Machine, accept: str) -> None:
    _is_error(machine.get("/taxii2/", headers={"Accept": accept}), 406)


def test_a_get_that_carries_a_content_type_is_served(machine: Machine) -> None:
    response = machine.get(f"{machine.collection()}objects/", headers={"Content-Type": TAXII})
    assert response.status_code == 200


def test_gzip_for_those_who_take_it(machine: Machine) -> None:
    path = f"{machine.collection()}objects/"
    packed = machine.get(path, headers={"Accept-Encoding": "gzip, deflate"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == machine.get(path).content
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_nothing_is_kept_by_caches(machine: Machine) -> None:
    assert machine.get(f"{machine.collection()}objects/").headers["Cache-Control"] == "no-store"


def test_every_spelling_of_a_token_opens_and_nothing_else_does(machine: Machine) -> None:
    secret = machine.reader.secret
    basic = base64.b64encode(f"anybody:{secret}".encode()).decode()
    spellings = [f"Bearer {secret}", f"Token {secret}", secret, f"Basic {basic}"]
    for headers in ({"X-MISP-AUTH": secret}, *({"Authorization": spelling} for spelling in spellings)):
        assert Client().get("/taxii2/", headers=headers).status_code == 200
    other = "1" if secret.endswith("0") else "0"
    for headers in ({}, {"Authorization": "Bearer not-a-token"}, {"Authorization": "Basic bm90OmFsbG93ZWQ="},
                    {"Authorization": f"Bearer {secret[:-1]}{other}"}):  # fmt: skip
        for path in ("/taxii2/", "/taxii2/api/", f"/taxii2/api/{machine.collection()}objects/", "/taxii2/nope/"):
            response = Client().get(path, headers=headers)
            _is_error(response, 401)
            assert "Basic " in response.headers["WWW-Authenticate"]
            assert "Bearer " in response.headers["WWW-Authenticate"]


def test_a_session_opens_no_taxii_endpoint(machine: Machine) -> None:
    member = make_member(machine.reader.institution)
    browser = Client()
    assert browser.login(email=member.email, password=PASSWORD)
    _is_error(browser.get("/taxii2/"), 401)


def test_a_token_without_a_scope_of_indicators_is_a_403(machine: Machine) -> None:
    secret = make_token(machine.reader.institution, scopes=[Scope.FEEDS_READ, Scope.EVIDENCE_WRITE])
    _is_error(Client().get("/taxii2/", headers={"Authorization": f"Bearer {secret}"}), 403)


def test_suspending_the_institution_closes_its_tokens_at_once(machine: Machine) -> None:
    assert machine.get("").status_code == 200
    Institution.objects.filter(pk=machine.reader.institution.pk).update(state=Institution.State.SUSPENDED)
    _is_error(machine.get(""), 401)
