"""What another server takes back is taken back here, too: of what this subscription said, and nobody here said besides.

Objects of STIX say it one by one: `revoked` (STIX 2.1, section 3.2), or a `valid_until` that has passed, as our own
server tells what was withdrawn. An event of MISP is told whole: what its new version no longer holds was deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from ingestion.readers.stix import timestamp
from ingestion.submissions.models import SubmissionItem
from ingestion.submissions.values import find
from ingestion.subscriptions.models import MadeSubmission, Subscription
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.taking_back import withdraw_all

WHY = "subscription.followed"


def taken_back(objects: Iterable[Mapping[str, Any]], moment: datetime) -> Iterator[dict[str, Any]]:
    """The indicators that say nothing any more, as they stood before: without what ends them."""
    for each in objects:
        until = timestamp(each.get("valid_until"))
        if each.get("type") == "indicator" and (each.get("revoked") is True or (until and until <= moment)):
            yield {name: value for name, value in each.items() if name not in {"revoked", "valid_until"}}


def retire(subscription: Subscription, digests: Iterable[bytes], *, viewer: Viewer) -> int:
    """Take back what it said of these values; how many statements."""
    return _withdrawn(subscription, _made(subscription), digests, viewer, gone=True)


def retire_all_but(subscription: Subscription, key: bytes, digests: Iterable[bytes], *, viewer: Viewer) -> int:
    """Take back what it said because of that event, except of these values; how many statements."""
    return _withdrawn(subscription, _made(subscription).filter(key=key), digests, viewer, gone=False)


def _made(subscription: Subscription) -> QuerySet[MadeSubmission]:
    return MadeSubmission.objects.filter(subscription=subscription)


def _withdrawn(
    subscription: Subscription, made: QuerySet[MadeSubmission], digests: Iterable[bytes], viewer: Viewer, *, gone: bool
) -> int:
    named = [held.pk for held in find(digests).values()]
    said = Contribution.objects.own_of(viewer).filter(
        submission__in=made.values("submission"), withdrawn_at__isnull=True
    )
    said = said.filter(indicator__in=named) if gone else said.exclude(indicator__in=named)
    values = list(said.values_list("indicator_id", flat=True))
    kept = set(_said_besides(subscription, values))
    left = [pk for pk in values if pk not in kept]
    return withdraw_all(said.filter(indicator__in=left), viewer=viewer, why=WHY) if left else 0


def _said_besides(subscription: Subscription, values: list[int]) -> QuerySet[SubmissionItem, int | None]:
    """Of these values, those that somebody of the institution shared in another way."""
    items = SubmissionItem.objects.filter(
        indicator__in=values, submission__institution=subscription.institution_id
    ).exclude(status=SubmissionItem.Status.REFUSED)
    others = items.exclude(submission__public_id__in=_made(subscription).values("submission"))
    return others.values_list("indicator_id", flat=True)
