"""What the members own, read once for a whole selection of values."""

from __future__ import annotations

import ipaddress
import logging
from functools import cache
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import QuerySet, Value
from django.db.models.functions import MD5, Concat

from iocmarket.accounts.models import Asset, Institution
from iocmarket.indicators.guard import Assets, Network
from iocmarket.indicators.warninglists.base import lists_signature

logger = logging.getLogger(__name__)
_NAMES = {Asset.Kind.DOMAIN, Asset.Kind.MAIL_DOMAIN}
"""Kinds that are DNS names: a mail domain is guarded as a whole too, with its hosts and mailboxes."""


def verified_assets() -> Assets:
    """The verified assets of every institution that has not left, in one statement."""
    domains: set[str] = set()
    networks: list[Network] = []
    asns: set[str] = set()
    for pk, kind, value in _verified().values_list("pk", "kind", "value"):
        if kind in _NAMES:
            domains.add(value.strip().strip(".").lower())
            continue
        if kind == Asset.Kind.ASN:
            asns.add(value.strip().upper())
            continue
        try:
            networks.append(ipaddress.ip_network(value.strip(), strict=False))
        except ValueError:
            # One wrong line must not stop every feed of the community; the others still guard.
            logger.warning("asset %d is no network and guards nothing", pk)
    return Assets(frozenset(domains), tuple(networks), frozenset(asns))


def signed(told: str | None) -> str:
    """Equal for equal assets and warning lists: tells cheaply whether a decision of the guard may have changed.

    `told` is what `assets_statement` tells.
    """
    return f"{lists_signature()};{told or ''}"


@cache
def assets_statement() -> tuple[str, tuple[Any, ...]]:
    """One cell or none, written once: every consumer of a feed that blocks asks it, mostly to be told “unchanged”."""
    line = Concat("kind", Value(":"), "value")
    found = _verified().order_by().values(together=Value(1)).annotate(all=MD5(StringAgg(line, "\n", order_by="pk")))
    return found.values_list("all").query.sql_with_params()


def _verified() -> QuerySet[Asset]:
    return Asset.objects.filter(verified_at__isnull=False).exclude(institution__state=Institution.State.LEFT)
