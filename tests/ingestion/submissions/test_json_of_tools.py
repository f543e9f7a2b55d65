"""JSON of other tools by the API, by the page Share and by the command; the API's own document stays what it is."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from ingestion.submissions.filing import announced
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import TLP
from tests.factories import make_member
from tests.ingestion.submissions.conftest import Sender
from tests.ingestion.submissions.test_mapping import posted

DOCUMENT = json.dumps({"status": "ok", "data": [{"ioc": "evil-one.fr", "tlp": "green", "first_seen": "2026-10-01"}, 7]})


def test_the_api_reads_it_when_the_format_is_named(sender: Sender) -> None:
    answer = sender.raw(DOCUMENT.encode(), query="?format=json&threat_type=phishing")
    assert answer.status_code == 201, answer.json()
    assert [(item["line"], item["reason"]) for item in answer.json()["items"]] == [(1, None), (2, "not_an_object")]
    said = Contribution.objects.get()
    assert (said.tlp, said.threat_type) == (TLP.GREEN, "phishing")


def test_without_a_format_json_is_the_apis_own_document(sender: Sender) -> None:
    answer = sender.raw(DOCUMENT.encode())
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")
    assert not Contribution.objects.exists()


def test_an_unknown_shape_is_told_with_its_place(sender: Sender) -> None:
    answer = sender.raw(b'{"data": [{"ioc": "a.fr", "more": {"tlp": "RED"}}]}', query="?format=json")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_shape")
    assert "/data/0/more" in answer.content.decode()


@pytest.mark.django_db
def test_the_page_knows_it_by_how_it_begins() -> None:
    client = Client()
    client.force_login(make_member())
    page = posted(client, DOCUMENT.encode(), "export.json")
    assert "evil-one.fr" in page
    assert 'data-state="bad"' in page, "the element that is none is told"
    page = posted(client, b'{"data": [{"ioc": "evil-one.fr", "tlpp": "RED"}]}', "export.json")
    assert 'class="form-trouble"' in page


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b'{"indicators": ["a.fr"]}', {}),
        (b'\xef\xbb\xbf{ "defaults": {}}', {}),
        (b"{}", {}),
        (b'["a.fr"]', {"format": "json"}),
        (b'{"data": ["a.fr"]}', {"format": "json"}),
    ],
)
def test_a_file_is_the_apis_own_document_when_it_begins_so(head: bytes, said: dict[str, str]) -> None:
    assert announced("json", head) == ("application/json", said)
