"""Whether the names below a name are meant: what follows from the name, unless the sender says otherwise."""

from __future__ import annotations

import pytest

from ingestion.submissions.forms import ShareForm
from iocmarket.indicators.models import Contribution
from tests.ingestion.submissions.conftest import Sender

pytestmark = pytest.mark.django_db


def meant(sender: Sender) -> dict[str, bool]:
    """The flag of each name that the institution has shared."""
    rows = Contribution.objects.visible_to(sender.viewer).values_list("indicator__value", "subtree")
    return dict(rows)


def test_a_registrable_name_and_one_under_a_private_suffix_mean_their_sub_names(sender: Sender) -> None:
    answer = sender.json("evil-cas.fr", "evil-cas.co.uk", "evil.github.io", "www.evil-cas.fr", "a.evil.github.io")
    assert answer.status_code == 201
    assert meant(sender) == {
        "evil-cas.fr": True,
        "evil-cas.co.uk": True,
        "evil.github.io": True,
        "www.evil-cas.fr": False,
        "a.evil.github.io": False,
    }


def test_what_the_sender_says_of_an_item_wins(sender: Sender) -> None:
    sender.json({"value": "evil-cas.fr", "subtree": False}, {"value": "www.evil-cas.fr", "subtree": True})
    assert meant(sender) == {"evil-cas.fr": False, "www.evil-cas.fr": True}


def test_what_the_sender_says_of_the_whole_wins_and_an_item_over_it(sender: Sender) -> None:
    sender.json("evil-cas.fr", {"value": "other-cas.fr", "subtree": True}, defaults={"subtree": False})
    assert meant(sender) == {"evil-cas.fr": False, "other-cas.fr": True}


def test_free_text_says_it_in_the_address_or_with_the_name(sender: Sender) -> None:
    sender.text("*.www.evil-cas.fr\n.www.other-cas.fr\nwww.third-cas.fr")
    assert meant(sender) == {"www.evil-cas.fr": True, "www.other-cas.fr": True, "www.third-cas.fr": False}
    sender.text("www.fourth-cas.fr", query="?subtree=true")
    assert meant(sender)["www.fourth-cas.fr"] is True


def test_saying_it_again_changes_it_only_when_it_is_said(sender: Sender) -> None:
    sender.json({"value": "www.evil-cas.fr", "subtree": True})
    sender.json("www.evil-cas.fr")
    assert meant(sender) == {"www.evil-cas.fr": True}
    sender.json({"value": "www.evil-cas.fr", "subtree": False})
    assert meant(sender) == {"www.evil-cas.fr": False}


@pytest.mark.parametrize(
    "written", ["*.www.evil-cas.fr", ".www.evil-cas.fr", "*[.]www[.]evil-cas[.]fr", " *.WWW.evil-cas.fr"]
)
def test_a_wildcard_given_again_widens_as_a_new_statement_would(sender: Sender, written: str) -> None:
    sender.json("www.evil-cas.fr")
    (item,) = sender.json(written).json()["items"]
    assert item["status"] == "refreshed"
    assert meant(sender) == {"www.evil-cas.fr": True}
    sender.json("www.evil-cas.fr")
    assert meant(sender) == {"www.evil-cas.fr": True}


def test_a_wildcard_widens_what_was_said_to_be_one_name_alone_unless_that_is_said_again(sender: Sender) -> None:
    sender.json({"value": "evil-cas.fr", "subtree": False})
    sender.text("evil-cas.fr")
    assert meant(sender) == {"evil-cas.fr": False}
    sender.json({"value": "*.evil-cas.fr", "subtree": False})
    assert meant(sender) == {"evil-cas.fr": False}
    sender.text("*.evil-cas.fr")
    assert meant(sender) == {"evil-cas.fr": True}


def test_a_wildcard_later_in_the_same_batch_counts_too(sender: Sender) -> None:
    sender.text("www.evil-cas.fr\n*.www.evil-cas.fr")
    assert meant(sender) == {"www.evil-cas.fr": True}


@pytest.mark.parametrize(("chosen", "meaning"), [("", None), ("true", True), ("false", False)])
def test_the_page_offers_to_say_it_for_the_whole_batch(chosen: str, meaning: bool | None) -> None:
    said = {"tlp": "amber", "pap": "green", "threat_type": "phishing", "audience": "community", "subtree": chosen}
    form = ShareForm(said, institutions=[], circles=[])
    assert form.is_valid(), form.errors
    assert form.choices.subtree is meaning


def test_a_table_says_it_row_by_row(sender: Sender) -> None:
    table = "valeur;sous_domaines\nevil-cas.fr;non\nwww.evil-cas.fr;oui\nother-cas.fr;\n"
    answer = sender.raw(table.encode(), "text/csv")
    assert answer.status_code == 201, answer.content
    assert meant(sender) == {"evil-cas.fr": False, "www.evil-cas.fr": True, "other-cas.fr": True}
