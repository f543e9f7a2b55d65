"""The ear under which every test runs (tests/conftest.py) hears what it is there for."""

from __future__ import annotations

import logging

import pytest

from iocmarket.accounts.secrets import new_secret
from tests.factories import PASSWORD
from tests.overheard import Overheard, secret_in, words_of_the_suite


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"Authorization: Bearer {new_secret()}", id="token"),
        "Bad Request: /accounts/password/reset/key/7-cx1m2p-0a1b2c3d4e/",
        f"log-in with {PASSWORD} failed", "otpauth://totp/x?secret=ABC", "Cookie: sessionid=abc", "only-for-tests",
    ],
)  # fmt: skip
def test_a_secret_in_a_line_is_heard(line: str) -> None:
    assert secret_in(line, words_of_the_suite(PASSWORD))


@pytest.mark.parametrize("line", ["Not Found: /feeds/k/iocm…/csv.csv", "/accounts/password/reset/key/…/", "iocmarket"])
def test_an_ordinary_line_is_not(line: str) -> None:
    assert not secret_in(line, words_of_the_suite(PASSWORD))


def test_it_hears_what_is_logged_anywhere() -> None:
    ear, logger = Overheard(PASSWORD), logging.getLogger("somewhere.below")
    logger.addHandler(ear)
    logger.propagate = False
    try:
        logger.warning("the password is %s", PASSWORD)
        logger.warning("nothing")
    finally:
        logger.removeHandler(ear)
        logger.propagate = True
    assert len(ear.found) == 1
