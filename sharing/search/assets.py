"""Which values lie in what an institution owns: its names and all below them, its networks, its numbers.

Only verified assets count: whoever declares somebody else's network must not be shown what is said of it on a page of
its own.
"""

from __future__ import annotations

from django.db.models import Q

from iocmarket.accounts.asset_values import NAMES
from iocmarket.accounts.models import Asset
from iocmarket.kernel.ids import digest_of
from sharing.search.reach import Reach, under


def reach_of_assets(institution_id: int) -> Reach | None:
    """The values in the verified assets of an institution; None where it has none."""
    verified = Asset.objects.filter(institution_id=institution_id, verified_at__isnull=False).order_by("pk")
    found = [_reach(kind, value) for kind, value in verified.values_list("kind", "value")]
    if not found:
        return None
    condition = Q()
    for reach in found:
        condition |= reach.condition
    return Reach(condition, few=True)


def _reach(kind: str, value: str) -> Reach:
    if kind in NAMES:
        return under(value)
    if kind == Asset.Kind.NETWORK:
        return Reach(Q(network__within=value) | Q(network__covers=value), few=True)
    return Reach(Q(digest=digest_of("asn", value)), few=True)
