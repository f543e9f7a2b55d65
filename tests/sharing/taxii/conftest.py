"""A community with a few published statements, a machine that reads them, and one that posts."""

from __future__ import annotations

import pytest

from tests.factories import Reader, contribute, make_institution, make_reader, make_token, publish
from tests.sharing.taxii.depositor import BOTH, Depositor
from tests.sharing.taxii.machine import Machine


@pytest.fixture
def machine(db: None) -> Machine:
    """A machine of an institution that reads what five statements of another say."""
    reader = make_reader()
    other = make_institution()
    for _ in range(5):
        contribute(other)
    publish()
    return Machine(reader)


@pytest.fixture
def depositor(db: None) -> Depositor:
    """An institution that reads and writes."""
    institution = make_institution()
    return Depositor(Reader(institution, make_token(institution, scopes=BOTH)))
