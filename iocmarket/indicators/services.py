"""Transitions of a contribution after it was made: so far, taking it back."""

from __future__ import annotations

from django.db import transaction

from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.visibility import may_withdraw
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.publication.audiences import audiences_of
from iocmarket.publication.outbox import announce


@transaction.atomic
def withdraw(contribution: Contribution, *, viewer: Viewer) -> None:
    """Take one statement back; the publisher tells every reader. Withdrawing twice changes nothing.

    Raises Refusal with the reason of `may_withdraw`: the caller has found the contribution through `visible_to`.
    """
    allowed = may_withdraw(contribution, viewer)
    if not allowed:
        raise Refusal(allowed.reason, "only the institution that shared it, with the right to write, takes it back")
    row = Contribution.unscoped.select_for_update().get(pk=contribution.pk)
    if row.withdrawn_at is not None:
        return
    row.withdrawn_at = clock.now()
    row.save(update_fields=["withdrawn_at"])
    keys = audiences_of(audience=row.audience, institution_id=row.institution_id, recipients=row.recipients)
    announce({row.indicator_id: keys})
    record(
        "contribution.withdrawn", actor=Actor.of(viewer), subject_type="contribution", subject_id=row.public_id,
        details={},
    )  # fmt: skip
