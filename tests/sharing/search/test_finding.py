"""The search box: what a person types or pastes, and what is found."""

from __future__ import annotations

import pytest
from django.test import Client

from iocmarket.accounts.models import Institution
from sharing.search.finding import search
from tests.factories import Reader, contribute, make_institution, make_member, make_reader, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Reader:
    return make_reader("Université de Valbrune")


@pytest.fixture
def meriane() -> Institution:
    made = make_institution("INP Mériane")
    contribute(made, "45.9.20.7", comment="Balayage SSH")
    contribute(made, "45.9.20.0/24", type_name="cidr")
    contribute(made, "evil-cas.fr", type_name="domain")
    contribute(make_institution(), "45.9.20.9", audience="own", comment="Balayage SSH")
    publish()
    return made


@pytest.mark.usefixtures("meriane")
def test_one_value_is_answered_with_what_lies_around_it(reader: Reader) -> None:
    found = search("45.9.20[.]7", viewer=reader.viewer)
    assert found.kind == "one"
    assert found.known == 1
    assert [row.indicator.value for row in found.rows] == ["45.9.20.0/24"]


@pytest.mark.usefixtures("meriane")
def test_many_lines_are_looked_up_line_by_line(reader: Reader) -> None:
    found = search("45.9.20.7\n\nEVIL-CAS[.]fr\n45.9.20.9\nbonjour à tous", viewer=reader.viewer)
    assert (found.kind, found.known, found.unknown, found.refused) == ("many", 2, 1, 1)


@pytest.mark.usefixtures("meriane")
def test_words_are_found_in_visible_comments_and_values(reader: Reader) -> None:
    assert [row.indicator.value for row in search("balayage", viewer=reader.viewer).rows] == ["45.9.20.7"]
    assert [row.indicator.value for row in search("evil-c", viewer=reader.viewer).rows] == ["evil-cas.fr"]
    assert search("100 %_", viewer=reader.viewer).rows == []


@pytest.mark.usefixtures("meriane")
def test_nothing_typed_shows_everything_a_page_at_a_time(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sharing.search.finding.PAGE", 2)
    first = search("", viewer=reader.viewer)
    second = search("", viewer=reader.viewer, before=first.older)
    values = [row.indicator.value for row in [*first.rows, *second.rows]]
    assert sorted(values) == ["45.9.20.0/24", "45.9.20.7", "evil-cas.fr"]
    assert second.older == ""
    assert search("", viewer=reader.viewer, before="made up").rows == first.rows


@pytest.mark.parametrize("text", [".", "...", ".\0", "\0", "é" * 5000, "a\nb\n" * 400, ".-.", "%", "\\"])
def test_whatever_is_typed_is_answered(reader: Reader, text: str) -> None:
    assert search(text, viewer=reader.viewer).known == 0


@pytest.mark.usefixtures("meriane")
def test_the_page_keeps_the_words_when_it_goes_on(
    client: Client, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sharing.search.finding.PAGE", 1)
    client.force_login(make_member(reader.institution))
    answer = client.get("/search", {"q": "45.9"})
    assert "?q=45.9&amp;before=" in answer.content.decode()
    assert client.get("/").status_code == 200


def test_a_password_among_many_lines_is_not_shown_again(reader: Reader) -> None:
    found = search("45.9.20.7\nj.martin@univ-rocheval.fr:hunter2-secret", viewer=reader.viewer)
    assert found.refused == 1
    assert "hunter2-secret" not in found.answers[1].asked
