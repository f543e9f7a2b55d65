"""What the members own, read once for a whole selection of values."""

from __future__ import annotations

import ipaddress
import logging
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django.contrib.postgres.aggregates import StringAgg
from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.functions import MD5, Concat

from iocmarket.accounts.models import Asset, Institution
from iocmarket.indicators.guard import Assets, Network
from iocmarket.listed.current import edition_statement, lists_of, signature
from iocmarket.listed.lists import Lists

logger = logging.getLogger(__name__)
_NAMES = {Asset.Kind.DOMAIN, Asset.Kind.MAIL_DOMAIN}
"""Kinds that are DNS names: a mail domain is guarded as a whole too, with its hosts and mailboxes."""


class Guarding(NamedTuple):
    """What the guard decides by, beside the value."""

    assets: Assets
    lists: Lists


def guarding() -> Guarding:
    """The verified assets of every institution that has not left, and the warning lists. One statement.

    What was read the same before is not made again: most calls are for one value.
    """
    sql, parameters = _told_statement()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        told, edition = cursor.fetchone() or ("", "")
    return Guarding(_read(told or ""), lists_of(edition))


@lru_cache(maxsize=2)
def _read(told: str) -> Assets:
    domains: set[str] = set()
    networks: list[Network] = []
    asns: set[str] = set()
    for line in told.splitlines():
        kind, _colon, value = line.partition(":")
        if kind in _NAMES:
            domains.add(value.strip().strip(".").lower())
            continue
        if kind == Asset.Kind.ASN:
            asns.add(value.strip().upper())
            continue
        networks += _network(value)
    return Assets(frozenset(domains), tuple(networks), frozenset(asns))


def verified_networks(institution: str) -> tuple[Network, ...]:
    """The verified networks of the institution of that name."""
    found = _verified().filter(institution__name=institution, kind=Asset.Kind.NETWORK)
    return tuple(network for value in found.values_list("value", flat=True) for network in _network(value))


def _network(value: str) -> list[Network]:
    try:
        return [ipaddress.ip_network(value.strip(), strict=False)]
    except ValueError:
        # One wrong line must not stop every feed of the community; the others still guard.
        logger.warning("an asset is no network and guards nothing")
        return []


def signed(told: str | None) -> str:
    """Equal for equal assets and warning lists: tells cheaply whether a decision of the guard may have changed.

    `told` is what `assets_statement` tells.
    """
    return f"{signature()};{told or ''}"


@cache
def assets_statement() -> tuple[str, tuple[Any, ...]]:
    """One cell, written once: every consumer of a feed that blocks asks it, mostly to be told “unchanged”."""
    sql, parameters = _lines(digest=True)
    return f"SELECT concat(({sql}), ':', ({edition_statement()}))", parameters


@cache
def _told_statement() -> tuple[str, tuple[Any, ...]]:
    sql, parameters = _lines(digest=False)
    return f"SELECT ({sql}), ({edition_statement()})", parameters


def _lines(*, digest: bool) -> tuple[str, tuple[Any, ...]]:
    """The assets as lines `kind:value` in one cell, or a digest of them."""
    every = StringAgg(Concat("kind", Value(":"), "value"), "\n", order_by="pk")
    found = _verified().order_by().values(together=Value(1)).annotate(all=MD5(every) if digest else every)
    return found.values_list("all").query.sql_with_params()


def _verified() -> QuerySet[Asset]:
    return Asset.objects.filter(verified_at__isnull=False).exclude(institution__state=Institution.State.LEFT)
