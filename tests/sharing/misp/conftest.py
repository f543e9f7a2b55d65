"""A community in which one institution shares, and another reads as MISP."""

from __future__ import annotations

import pytest

from iocmarket.accounts.models import Institution
from tests.factories import Reader, make_institution, make_reader, publish
from tests.sharing.misp.wire import Machine


@pytest.fixture
def author(db: None) -> Institution:
    """Who shares."""
    return make_institution("Université des Alizés")


@pytest.fixture
def reader(author: Institution) -> Reader:
    """Who reads."""
    found = make_reader("Lectrice")
    publish()
    return found


@pytest.fixture
def machine(reader: Reader) -> Machine:
    """The reader's client, by hand."""
    return Machine(reader.secret)
