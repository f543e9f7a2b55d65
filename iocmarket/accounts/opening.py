"""The public feed: what the community tells in TLP:CLEAR, for anybody, while an administrator has it open.

The public is one row among the institutions, without a name and of a kind of its own: whoever reads feeds has a memory
of what was served and a moment since which it reads. While it is closed, the row is there and opens nothing.
"""

from __future__ import annotations

from django.db import transaction

from iocmarket.accounts.models import Institution
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock


def the_public() -> Institution | None:
    """The public, while its feed is open; None while it is closed. One statement."""
    return Institution.objects.filter(kind=Institution.Kind.PUBLIC, state=Institution.State.APPROVED).first()


@transaction.atomic
def open_to_public(*, opened: bool, actor: Actor) -> bool:
    """Open the public feed, or close it from its next request on; whether that changed anything.

    What was withdrawn while it was closed is never told there.
    """
    public, _made = Institution.objects.select_for_update().get_or_create(
        kind=Institution.Kind.PUBLIC, defaults={"name": "", "state": Institution.State.SUSPENDED}
    )
    if (public.state == Institution.State.APPROVED) is opened:
        return False
    public.state = Institution.State.APPROVED if opened else Institution.State.SUSPENDED
    if opened:
        public.approved_at = clock.now()
    public.save(update_fields=["state", "approved_at"])
    record("community.public_feed", actor=actor, subject_type="community", details={"open": opened})
    return True
