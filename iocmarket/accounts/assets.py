"""What an institution owns: declared by its managers, verified by its DNS or by an administrator, removed.

Two institutions never hold verified assets that overlap: each of them could keep the other's out of the feeds, and
what concerns the one would be shown to the other.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import QuerySet

from iocmarket.accounts.asset_values import NAMES, normalised, overlap
from iocmarket.accounts.member_letters import write_to_managers
from iocmarket.accounts.models import Asset, Institution
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal

logger = logging.getLogger(__name__)
MOST = 500
"""Assets of one institution: the guard reads those of all whenever a feed is made."""
RECORD = "_iocmarket-challenge"
"""The label under which an institution publishes the challenge, in front of the name."""
_LOCK = 0x10C3
REASON_MAX = 2000


@transaction.atomic
def declare_asset(institution: Institution, *, kind: str, value: str, actor: Actor) -> Asset:
    """Say that the institution owns something. It guards nothing until it is verified.

    Raises Refusal: `asset_exists`, `too_many_assets`, and those of `asset_values.normalised`.
    """
    value = normalised(kind, value)
    Institution.objects.select_for_update().get(pk=institution.pk)
    if institution.assets.filter(kind=kind, value=value).exists():
        raise Refusal("asset_exists", f"{value} is declared already", where="/value")
    if institution.assets.count() >= MOST:
        raise Refusal("too_many_assets", f"an institution declares at most {MOST} assets")
    asset = Asset.objects.create(
        institution=institution, kind=kind, value=value, challenge=secrets.token_urlsafe(24) if kind in NAMES else ""
    )
    note("asset.declared", asset, actor)
    return asset


@transaction.atomic
def bring_in(institution: Institution, named: Iterable[tuple[str, str]], *, verified: bool) -> list[Asset]:
    """What an institution comes with: kinds and values. With `verified`, whoever lets it in has seen that it owns them.

    What overlaps a verified asset of another institution stays unverified, whoever says so; the same for all that it
    has declared already. No act of its own: it is part of letting the institution in. Raises Refusal as `normalised`.
    """
    hold_assets()
    made = []
    for kind, text in named:
        challenge = secrets.token_urlsafe(24) if kind in NAMES else ""
        asset, new = Asset.objects.get_or_create(
            institution=institution, kind=kind, value=normalised(kind, text), defaults={"challenge": challenge}
        )
        if new and verified and not conflicts_of(asset):
            set_verified(asset, Asset.Proof.ADMINISTRATOR)
        made.append(asset)
    return made


@transaction.atomic
def remove_asset(asset: Asset, *, actor: Actor) -> None:
    """Forget an asset: what it kept out of the feeds that block may enter them from their next request on.

    Raises Refusal(`asset_refused`): declared anew, what an administrator refused would have no reason on it any more.
    """
    held = Asset.objects.select_for_update().filter(pk=asset.pk).first()
    if held is None:
        return
    if held.refusal:
        raise Refusal("asset_refused", "an administrator refused it, and alone can change that")
    note("asset.removed", held, actor)
    held.delete()


@transaction.atomic
def ask_for_check(asset: Asset, *, actor: Actor) -> Asset:
    """Have the record looked for now, by the worker.

    Raises Refusal: `not_by_dns` (networks and numbers are verified by an administrator), `asset_refused`.
    """
    if asset.kind not in NAMES:
        raise Refusal("not_by_dns", "networks and autonomous systems are verified by an administrator")
    held = _held(asset)
    if held.refusal:
        raise Refusal("asset_refused", "an administrator refused it, and alone can change that")
    if not held.challenge:  # one from before there were challenges
        held.challenge = secrets.token_urlsafe(24)
    held.check_due_at = clock.now()
    held.save(update_fields=["challenge", "check_due_at"])
    note("asset.check_asked", held, actor)
    return held


@transaction.atomic
def approve_asset(asset: Asset, *, actor: Actor) -> Asset:
    """An administrator has seen that the institution owns it; its managers get a letter. Twice changes nothing.

    Raises Refusal: `asset_conflict` (it overlaps a verified asset of another institution: that one goes first).
    """
    hold_assets()
    held = _held(asset)
    if held.verified_at is not None:
        return held
    refuse_conflict(held)
    set_verified(held, Asset.Proof.ADMINISTRATOR)
    note("asset.verified", held, actor)
    write_to_managers(held.institution, "asset_verified", {"value": held.value})
    return held


@transaction.atomic
def refuse_asset(asset: Asset, *, reason: str, actor: Actor) -> Asset:
    """An administrator says no, or takes a verification back; the managers get a letter with the reason.

    Raises Refusal: `reason_required`, `too_long`.
    """
    reason = reason.strip()
    if not reason:
        raise Refusal("reason_required", "the institution will read why", where="/reason")
    if len(reason) > REASON_MAX:
        raise Refusal("too_long", f"a reason has at most {REASON_MAX} characters", where="/reason")
    held = _held(asset)
    was = held.verified_at is not None
    set_unverified(held)
    held.refusal = reason
    held.save(update_fields=["refusal"])
    note("asset.verification_withdrawn" if was else "asset.refused", held, actor, reason=reason)
    write_to_managers(held.institution, "asset_refused", {"value": held.value, "reason": reason, "was": was})
    return held


def _held(asset: Asset) -> Asset:
    """The asset as it is now, to be changed by nobody else. Raises Refusal(`asset_gone`)."""
    held = Asset.objects.select_for_update(of=("self",)).select_related("institution").filter(pk=asset.pk).first()
    if held is None:
        raise Refusal("asset_gone", "the institution declares it no longer")
    return held


def hint() -> None:
    """Let the worker look now. A lost hint only means that it looks within the minute (tasks.py)."""
    from iocmarket.accounts.tasks import check_assets  # noqa: PLC0415 (the task looks with this module)

    try:
        check_assets.delay()
    except Exception:  # noqa: BLE001 (whatever the broker does, the row says that the asset is due)
        logger.warning("the broker does not answer: assets are checked within the minute")


def set_verified(asset: Asset, proof: Asset.Proof) -> None:
    """Write that it guards from now on. The caller holds the row and has refused conflicts."""
    asset.verified_at, asset.proof, asset.failures, asset.refusal = clock.now(), proof, 0, ""
    asset.save(update_fields=["verified_at", "proof", "failures", "refusal"])


def set_unverified(asset: Asset) -> None:
    """Write that it guards no longer, and that nothing is looked for until somebody asks. The caller holds the row."""
    asset.verified_at, asset.proof, asset.failures, asset.check_due_at = None, "", 0, None
    asset.save(update_fields=["verified_at", "proof", "failures", "check_due_at"])


def refuse_conflict(asset: Asset) -> None:
    """Raises Refusal(`asset_conflict`). The caller holds the assets, so that no other becomes verified meanwhile."""
    if found := conflicts_of(asset):
        raise Refusal("asset_conflict", f"{asset.value} overlaps {found[0].value} of {found[0].institution.name}")


def conflicts_of(asset: Asset) -> list[Asset]:
    """The verified assets of other institutions that have something in common with this one."""
    return conflicts_among(asset, verified())


def conflicts_among(asset: Asset, others: list[Asset] | QuerySet[Asset]) -> list[Asset]:
    """The same among assets that were read already."""
    return [
        other
        for other in others
        if other.institution_id != asset.institution_id and overlap(asset.kind, asset.value, other.kind, other.value)
    ]


def verified() -> QuerySet[Asset]:
    """Every verified asset of an institution that has not left, by institution."""
    found = Asset.objects.filter(verified_at__isnull=False).exclude(institution__state=Institution.State.LEFT)
    return found.select_related("institution").order_by("institution__name", "kind", "value")


def to_verify() -> QuerySet[Asset]:
    """What waits for an administrator, oldest first: declared by members, neither verified nor refused."""
    found = Asset.objects.filter(verified_at__isnull=True, refusal="", institution__state=Institution.State.APPROVED)
    return found.select_related("institution").order_by("declared_at", "pk")


def refused() -> QuerySet[Asset]:
    """What an administrator refused, or no longer takes for verified, by institution."""
    found = Asset.objects.exclude(refusal="").filter(verified_at__isnull=True)
    return found.select_related("institution").order_by("institution__name", "kind", "value")


def doubted(asset: Asset) -> bool:
    """Whether the institution's own record cannot decide: the asset overlaps what an administrator refused to it."""
    refusals = refused().filter(institution_id=asset.institution_id)
    return any(overlap(asset.kind, asset.value, other.kind, other.value) for other in refusals)


def hold_assets() -> None:
    """One verification at a time on the platform: overlaps are looked for before it is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def note(action: str, asset: Asset, actor: Actor, **details: object) -> None:
    """Write an act into the journal. What an institution says that it owns is no indicator: it may stand there."""
    record(
        action, actor=actor, subject_type="asset", subject_id=asset.public_id,
        details={"kind": asset.kind, "value": asset.value, **details},
    )  # fmt: skip
