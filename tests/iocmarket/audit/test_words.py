"""Details of events in the words of the reader, not in the program's."""

from __future__ import annotations

import pytest
from django.utils import translation

from iocmarket.audit.models import Event
from iocmarket.audit.words import NAMES, name_of, word_for
from tests.browser.village import settle

MARKINGS = {"tlp", "pap", "before", "after"}


@pytest.mark.parametrize(
    ("said", "detail", "word"),
    [
        (True, "approved", "oui"),
        (False, "administrator", "non"),
        ("reader", "role", "Lecteur"),
        ("mail-domain", "kind", "Domaine de messagerie"),
        (["feeds:read", "indicators:read"], "scopes", "feeds:read, indicators:read"),
        ({"received": 2, "on": True}, "", "reçus: 2, activé: oui"),
        (None, "reason", "—"),
        (0, "count", "0"),
    ],
    ids=["yes", "no", "role", "kind", "scopes", "nested", "nothing", "zero"],
)
def test_what_is_said_is_said_in_the_reader_s_language(said: object, detail: str, word: str) -> None:
    with translation.override("fr"):
        assert word_for(said, detail=detail) == word


def test_a_detail_that_nobody_named_is_shown_as_it_is_stored() -> None:
    assert name_of("some_new_thing") == "some new thing"


@pytest.mark.django_db
def test_every_detail_of_a_community_has_a_name() -> None:
    settle()
    stored = {name for details in Event.objects.values_list("details", flat=True) for name in details}
    assert len(stored) > 10
    assert stored - set(NAMES) - MARKINGS == set()
