"""From what was published to deliveries: the changes since the cursor, and now and then all that was ever told."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from itertools import chain

from django.db import transaction

from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.publication.access import views_of
from sharing.push.contents import pieces_of
from sharing.push.filters import rules_of
from sharing.push.models import Delivery, Hook
from sharing.search.changes import changes_of, cursor_at_the_end, cursor_without_lost

EACH = 1000
"""Values of one delivery at most, and changes that are looked at in one step."""
REVIEW_EVERY = timedelta(days=1)
"""So often what was told is compared with the present: what time, a lost view or an erasure changed is found then."""


def signature_of(viewer: Viewer) -> bytes:
    """Changes with every publication in a view of the viewer, when one is gained or lost, and with the feed policy."""
    views = repr(list(views_of(viewer).values_list("pk", "head")))
    return hashlib.sha256(views.encode() + rules_of(viewer)).digest()


@transaction.atomic
def gather(hook: Hook, viewer: Viewer) -> bool:
    """Take the next changes; whether anything came of it. The cursor and the delivery are written together."""
    seen, rules = signature_of(viewer), rules_of(viewer)
    if hook.begun and bytes(hook.rules) != rules:
        hook.review_after = 0
        hook.cursor = "" if hook.from_start else hook.cursor
    hook.rules = rules
    if not hook.begun:
        end = cursor_at_the_end(viewer)
        if end is None:
            return False
        hook.begun, hook.cursor, hook.reviewed_at = True, "" if hook.from_start else end, clock.now()
    try:
        found = changes_of(viewer=viewer, after=hook.cursor, limit=EACH)
    except Refusal as refusal:
        if refusal.code != "reset":
            raise
        hook.cursor, hook.review_after = cursor_without_lost(viewer, hook.cursor), 0
        hook.save(update_fields=["cursor", "review_after", "rules"])
        return True
    made = _deliver(hook, viewer, [change.indicator.pk for change in found.changes])
    hook.cursor = found.next
    hook.seen = b"" if found.more else seen
    hook.save(update_fields=["begun", "cursor", "seen", "rules", "reviewed_at", "review_after"])
    return found.more or made


@transaction.atomic
def review(hook: Hook, viewer: Viewer) -> bool:
    """Compare the next of the values that were told with the present; whether anything came of it.

    What lies in a dead letter waits for whoever looks at it.
    """
    following = hook.told.filter(indicator_id__gt=hook.review_after or 0).order_by("indicator_id")
    listed = list(following.values_list("indicator_id", flat=True)[:EACH])
    dead = set(chain.from_iterable(hook.deliveries.filter(state=Delivery.State.DEAD).values_list("values", flat=True)))
    made = _deliver(hook, viewer, [pk for pk in listed if pk not in dead])
    hook.review_after = listed[-1] if len(listed) == EACH else None
    if hook.review_after is None:
        hook.reviewed_at = clock.now()
    hook.save(update_fields=["review_after", "reviewed_at"])
    return made or hook.review_after is not None


def is_review_due(hook: Hook) -> bool:
    """Whether one is under way, the last one is long ago, or the institution was let in again since.

    While the views of a hook are being made there is nothing that could be compared with them.
    """
    if not hook.begun or hook.review_after is not None:
        return hook.begun
    approved = hook.institution.approved_at
    last = hook.reviewed_at
    return last is None or last < clock.now() - REVIEW_EVERY or (approved is not None and last < approved)


def _deliver(hook: Hook, viewer: Viewer, indicator_ids: list[int]) -> bool:
    """A delivery of those of which there is something to hear, if of any; whether there is one."""
    values = [piece.indicator_id for piece in pieces_of(hook, viewer, indicator_ids)] if indicator_ids else []
    if values:
        Delivery.objects.create(hook=hook, values=values)
    return bool(values)
