"""The checks of what institutions publish in their DNS: the first one when somebody asks, then one a week.

The row says when it is due (`check_due_at`); a hint only makes the worker look earlier. The DNS is asked outside of any
transaction, and what it said is written under the lock of all assets.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from iocmarket.accounts import assets
from iocmarket.accounts.asset_dns import Answer, look_for
from iocmarket.accounts.asset_values import NAMES
from iocmarket.accounts.member_letters import write_to_managers
from iocmarket.accounts.models import Asset, Institution
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock

EVERY = timedelta(days=7)
AGAIN = timedelta(days=1)
"""After a failure, or when the DNS was silent, the next look is sooner."""
FAILURES = 3
"""So many looks in a row without the record, and the asset is verified no longer."""
_CLAIM = timedelta(minutes=5)
"""Longer than one look takes: should the worker be killed, another one takes the row up again after that."""
AT_ONCE = 50
"""Assets of one turn: each may cost ten seconds."""


def check_due() -> int:
    """Look for the records of all assets that are due, up to `AT_ONCE`; how many were looked for."""
    done = 0
    while done < AT_ONCE and (asset := _claimed()) is not None:
        settle(asset, look_for(asset.challenge, name=asset.value))
        done += 1
    return done


@transaction.atomic
def _claimed() -> Asset | None:
    moment = clock.now()
    due = Asset.objects.filter(check_due_at__lte=moment, kind__in=NAMES)
    due = due.exclude(institution__state=Institution.State.LEFT)
    asset = due.select_for_update(of=("self",), skip_locked=True).order_by("check_due_at").first()
    if asset is not None:
        Asset.objects.filter(pk=asset.pk).update(check_due_at=moment + _CLAIM)
    return asset


@transaction.atomic
def settle(looked_for: Asset, answer: Answer) -> None:
    """Write what the DNS said. An asset that was removed, or got another challenge meanwhile, is left alone."""
    assets.hold_assets()
    held = Asset.objects.select_for_update(of=("self",)).select_related("institution")
    asset = held.filter(pk=looked_for.pk, challenge=looked_for.challenge).first()
    if asset is None:
        return
    asset.checked_at, asset.check_due_at = clock.now(), None
    if answer is Answer.FOUND:
        _found(asset)
    elif asset.verified_at is not None and asset.proof == Asset.Proof.DNS:
        _missing(asset, answer)
    asset.save(update_fields=["checked_at", "check_due_at", "failures"])


def _found(asset: Asset) -> None:
    """Verified, unless it overlaps what is another's or was refused: then it stays in the administrator's queue."""
    if asset.verified_at is None:
        if assets.doubted(asset) or assets.conflicts_of(asset):
            return
        assets.set_verified(asset, Asset.Proof.DNS)
        assets.note("asset.verified", asset, PLATFORM, proof=Asset.Proof.DNS.value)
    if asset.proof == Asset.Proof.DNS:
        asset.failures, asset.check_due_at = 0, clock.now() + EVERY


def _missing(asset: Asset, answer: Answer) -> None:
    asset.check_due_at = clock.now() + AGAIN
    if answer is Answer.SILENT:
        return
    asset.failures += 1
    told = {"value": asset.value, "record": f"{assets.RECORD}.{asset.value}", "challenge": asset.challenge}
    if asset.failures < FAILURES:
        write_to_managers(asset.institution, "asset_missing", {**told, "left": FAILURES - asset.failures})
        return
    assets.set_unverified(asset)
    assets.note("asset.lost", asset, PLATFORM)
    write_to_managers(asset.institution, "asset_lost", told)
