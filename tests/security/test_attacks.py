"""Attacks across the surfaces: another's object, another kind of it, fields that nobody offered, text that is code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.roles import Role, Scope
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.kernel.marking import TLP
from tests.factories import contribute, make_institution, make_member, make_token, publish, report, viewer_for

pytestmark = pytest.mark.django_db
JSON = "application/json"


@dataclass
class Scene:
    """Our machine and manager, and what another institution told the community."""

    ours: Institution
    theirs: Institution
    machine: Client
    manager: Client
    said: Contribution
    mine: Contribution
    sighting: Sighting


@pytest.fixture
def scene(db: None) -> Scene:
    ours, theirs = make_institution("Ici"), make_institution("Ailleurs")
    said, mine = contribute(theirs, "45.6.6.6"), contribute(ours, "45.6.6.7")
    publish()
    sighting = report(viewer_for(theirs, scopes=[Scope.SIGHTINGS_WRITE]), said, "seen")
    publish()
    manager = Client()
    manager.force_login(make_member(ours, role=Role.MANAGER))
    machine = Client(headers={"Authorization": f"Bearer {make_token(ours, scopes=list(Scope))}"})
    return Scene(ours, theirs, machine, manager, said, mine, sighting)


def state(scene: Scene) -> tuple[Any, ...]:
    """Everything of theirs that an attack could have touched."""
    said = Contribution.unscoped.values().get(pk=scene.said.pk)
    seen = Sighting.unscoped.values().get(pk=scene.sighting.pk)
    return said, seen, Institution.objects.values().get(pk=scene.theirs.pk)


def test_what_is_seen_is_not_changed_by_whoever_sees_it(scene: Scene) -> None:
    before = state(scene)
    statement, sighting = scene.said.public_id, scene.sighting.public_id
    assert scene.machine.get(f"/api/v1/indicators/{scene.said.indicator.public_id}").status_code == 200, "it is seen"
    attempts = [
        scene.machine.delete(f"/api/v1/contributions/{statement}"),
        scene.machine.patch(f"/api/v1/contributions/{statement}", json.dumps({"tlp": "CLEAR"}), content_type=JSON),
        scene.machine.delete(f"/api/v1/sightings/{sighting}"),
        scene.manager.post(f"/contributions/{statement}/withdraw"),
        scene.manager.post(f"/sightings/{sighting}/retract"),
        scene.manager.delete(f"/api/v1/contributions/{statement}"),
    ]
    assert {answer.status_code for answer in attempts} <= {403, 404}
    assert state(scene) == before


def test_the_id_in_the_body_does_not_replace_the_one_in_the_path(scene: Scene) -> None:
    before = state(scene)
    for name in ("id", "public_id", "uuid", "contribution", "institution", "indicator"):
        body = json.dumps({"tlp": "GREEN", name: str(scene.said.public_id)})
        answer = scene.machine.patch(f"/api/v1/contributions/{scene.mine.public_id}", body, content_type=JSON)
        assert answer.status_code in {400, 422}, name
    body = json.dumps({"indicators": [{"value": "45.6.6.8", "id": str(scene.said.public_id)}]})
    scene.machine.post("/api/v1/submissions", body, content_type=JSON)
    assert state(scene) == before
    assert Contribution.unscoped.get(pk=scene.mine.pk).tlp == TLP.AMBER


@pytest.mark.parametrize("field", ["institution", "id", "author", "withdrawn_at", "created_at", "pk"])
def test_extra_fields_of_a_body_are_refused(scene: Scene, field: str) -> None:
    value = str(scene.theirs.public_id)
    answer = scene.machine.patch(
        f"/api/v1/contributions/{scene.mine.public_id}", json.dumps({field: value}), content_type=JSON
    )
    assert answer.status_code in {400, 422}
    body = json.dumps({"indicators": [{"value": "45.6.6.9", field: value}]})
    scene.machine.post("/api/v1/submissions", body, content_type=JSON)
    made = Contribution.unscoped.exclude(pk__in=[scene.said.pk, scene.mine.pk])
    assert {row.institution_id for row in made} <= {scene.ours.pk}
    body = json.dumps({"sightings": [{"value": "45.6.6.6", "kind": "seen", field: value}]})
    scene.machine.post("/api/v1/sightings", body, content_type=JSON)
    reported = Sighting.unscoped.exclude(pk=scene.sighting.pk)
    assert {row.institution_id for row in reported} <= {scene.ours.pk}


def test_extra_fields_of_a_form_assign_nothing(scene: Scene) -> None:
    forged = {
        "institution": str(scene.theirs.pk), "institution_id": str(scene.theirs.pk), "made_by": "1", "pk": "1",
        "digest": "00", "is_administrator": "1", "revoked_at": "", "public_id": str(uuid4()),
    }  # fmt: skip
    before = set(Token.objects.values_list("pk", flat=True))
    form = {"name": "x", "scopes": ["indicators:read"], "days": "30", "tool": ""}
    scene.manager.post("/account/tokens", {**form, **forged})
    for token in Token.objects.exclude(pk__in=before):
        assert token.institution_id == scene.ours.pk
        assert token.tlp_ceiling <= TLP.AMBER_STRICT
        assert str(token.public_id) != forged["public_id"]
        assert len(bytes(token.digest)) == 32
    assert not Token.objects.filter(institution=scene.theirs).exists()


def test_the_id_of_another_kind_of_object_deletes_nothing(scene: Scene) -> None:
    own_sighting = report(viewer_for(scene.ours, scopes=[Scope.SIGHTINGS_WRITE]), scene.said, "seen")
    token = Token.objects.filter(institution=scene.ours)[0]
    ids: dict[str, UUID] = {
        "statement": scene.mine.public_id,
        "sighting": own_sighting.public_id,
        "value": scene.mine.indicator.public_id,
        "token": token.public_id,
        "institution": scene.ours.public_id,
    }
    ways: dict[str, Callable[[UUID], Any]] = {
        "statement": lambda found: scene.machine.delete(f"/api/v1/contributions/{found}"),
        "sighting": lambda found: scene.machine.delete(f"/api/v1/sightings/{found}"),
        "token": lambda found: scene.manager.post(f"/account/tokens/{found}/revoke"),
    }
    for kind, delete in ways.items():
        for other, found in ids.items():
            if other != kind:
                assert delete(found).status_code == 404, f"{other} given as {kind}"
    assert Contribution.unscoped.get(pk=scene.mine.pk).withdrawn_at is None
    assert Sighting.unscoped.get(pk=own_sighting.pk).withdrawn_at is None
    assert Token.objects.get(pk=token.pk).revoked_at is None


MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "</title><body onload=alert(1)>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
]  # fmt: skip


def pages_with(text: str) -> bytes:
    """Every page that shows what another institution wrote: value, front page, search, tokens of ours."""
    author, ours = make_institution(f"Lycée {text}"), make_institution("Ici")
    said = contribute(author, "45.6.6.10", comment=text, tags=[text[:40]])
    publish()
    person = Client()
    person.force_login(make_member(ours, role=Role.MANAGER, name=text[:100]))
    make_token(ours)
    Token.objects.update(name=text[:80])
    paths = (f"/i/{said.indicator.public_id}", "/", "/search?q=45.6.6.10", "/account/tokens", "/share")
    answers = [person.get(path, follow=True) for path in paths] + [person.get("/search", {"q": text}, follow=True)]
    assert {answer.status_code for answer in answers} == {200}
    return b"\n".join(answer.content for answer in answers)


@pytest.mark.parametrize("text", MARKUP)
def test_markup_in_any_field_reaches_no_page_as_markup(db: None, text: str) -> None:
    shown = pages_with(text)
    assert text.encode() not in shown
    for living in (b"<script>alert", b"<img src=x", b"<svg/onload", b"<body onload", b'href="javascript:'):
        assert living not in shown
    assert b"alert(1)" in shown, "the text itself is shown, escaped"


@pytest.mark.parametrize("text", ["{{ 7777*7 }}", "{% debug %}", "{{ settings.SECRET_KEY }}", "${7777*7}", "%(name)s"])
def test_template_syntax_in_any_field_is_text(db: None, text: str) -> None:
    shown = pages_with(text)
    assert b"54439" not in shown
    assert b"only-for-tests" not in shown
    assert text.encode() in shown
