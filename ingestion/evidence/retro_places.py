"""Where retro begins: an institution's first archive has been compared with all that is published by then."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from ingestion.evidence.known import viewer_of
from ingestion.evidence.models import Followed
from iocmarket.accounts.models import Institution
from iocmarket.publication.access import views_of
from iocmarket.publication.models import Entry


@transaction.atomic
def begin(institution_id: int) -> None:
    """Before its first look-up: what is published up to now will be found by that. Once is enough.

    A view that it may read only later, of a circle for instance, is compared from its beginning.
    """
    Institution.objects.select_for_update(of=("self",), no_key=True).get(pk=institution_id)
    if Followed.objects.filter(institution_id=institution_id).exists():
        return
    views = list(views_of(viewer_of(institution_id)))
    heads = Entry.objects.filter(view__in=views).order_by().values_list("view").annotate(Max("date_added"))
    reached = dict(heads)
    Followed.objects.bulk_create(
        Followed(institution_id=institution_id, view=view, reached=reached.get(view.pk)) for view in views
    )
