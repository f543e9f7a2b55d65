"""Each test begins without memory of the visits of the one before: rate limits live in the cache."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings

from tests.iocmarket.accounts.names import Names, serving


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def names(settings: Settings) -> Iterator[Names]:
    """A DNS server that the program asks; it knows no name until it is told one."""
    with serving() as found:
        settings.DNS_RESOLVERS = [("127.0.0.1", found.port)]
        yield found
