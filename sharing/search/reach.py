"""Which values a list is about: one value and what lies around it, or all names under one."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q

from ingestion.submissions.values import reversed_name
from iocmarket.indicators.models import Indicator
from iocmarket.indicators.recognise import Recognised
from iocmarket.indicators.types import Trait
from iocmarket.indicators.types.names import ascii_name
from iocmarket.kernel.ids import digest_of

_SHORT = {4: 16, 6: 48}
"""The shortest prefix, by version, of a network in which few values are expected."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A condition on indicators.

    `few`: their rows are found first and what is said of them afterwards. Left to choose, PostgreSQL reads a whole view
    in the order of the list where its statistics are old, and does so for every value that nobody knows. It follows
    from what was asked alone, so that it tells nothing of what is stored.
    """

    condition: Q
    few: bool

    def but_not(self, condition: Q) -> Reach:
        """Without these."""
        return Reach(self.condition & ~condition, self.few)

    def of_rows(self) -> Q | Func:
        """The condition on rows that have an `indicator`."""
        values = Indicator.unscoped.filter(self.condition).values("pk")
        if not self.few:
            return Q(indicator__in=values)
        found = Func(ArraySubquery(values), function="ANY")
        return Func(F("indicator_id"), found, template="%(expressions)s", arg_joiner=" = ", output_field=BooleanField())


def under(name: str) -> Reach:
    """A DNS name and all below it, with the URLs and addresses that lie there."""
    name = ascii_name(name.strip("."))
    return Reach(Q(reversed_name__startswith=reversed_name(name)), few="." in name)


def reach_of(found: Recognised) -> Reach:
    """A value; for an address also the networks around it, for a network what lies in it and what it lies in."""
    value = found.canonical.value
    network = found.type.network(value)
    if network is None:
        return Reach(Q(digest=digest_of(found.type.name, value)), few=True)
    around = Q(network__covers=network)
    if Trait.NETWORK not in found.type.traits:
        return Reach(around, few=True)
    asked = ip_network(network)
    return Reach(around | Q(network__within=network), few=asked.prefixlen >= _SHORT[asked.version])
