"""What hooks keep: rows in the table of retention, a file in an institution's export; and which views they need."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Institution
from iocmarket.kernel import clock
from iocmarket.kernel.marking import Marking
from iocmarket.privacy.erasing_institutions import afterwards
from iocmarket.privacy.exporting import Portion, Rows, portions
from iocmarket.privacy.portions import rows
from iocmarket.privacy.retention import MEMBERSHIP, SECURITY, Rule, retention
from iocmarket.publication.needs import destinations
from sharing.push.filters import viewer_of
from sharing.push.models import Delivery, Hook

DELIVERY_DAYS = 30
_COLUMNS = (
    "public_id", "name", "kind", "url", "operated_by", "auth", "login", "types", "threat_types", "score_min",
    "tlp_max", "from_start", "state", "created_at",
)  # fmt: skip


def _old() -> QuerySet[Delivery]:
    ended = Delivery.objects.exclude(state=Delivery.State.WAITING)
    return ended.filter(made_at__lt=clock.now() - timedelta(days=DELIVERY_DAYS))


def _of_institution(institution: Institution) -> Rows:
    """Without the secrets, which open something."""
    return rows(Hook.objects.filter(institution=institution), _COLUMNS)


def needed_ceilings() -> Iterable[tuple[int, Marking]]:
    """Whose hooks read under which ceiling; those that are paused keep what they will need again."""
    approved = Hook.objects.filter(institution__state=Institution.State.APPROVED).select_related("institution")
    for hook in approved.order_by("pk"):
        try:
            yield hook.institution_id, viewer_of(hook).ceiling
        except PermissionError:
            continue


def review_all() -> None:
    """An institution was erased: what targets were told of its statements is taken back."""
    Hook.objects.filter(begun=True).update(review_after=0)


def register() -> None:
    """Called once, when the app is ready."""
    destinations.append(needed_ceilings)
    afterwards.append(review_all)
    retention.register(
        Rule(
            name="push.hooks", what=_("Web hooks: targets, their credentials, and which values they were told of"),
            models=("push.Hook", "push.Told"), kept=_("until a manager removes them"), basis=MEMBERSHIP,
        ),
        Rule(
            name="push.deliveries", what=_("What was sent to web hooks and how it ended, in figures"),
            models=("push.Delivery",), kept=_("%(days)d days"), basis=SECURITY, days=partial(int, DELIVERY_DAYS),
            due=lambda: _old().count(), purge=lambda: _old().delete()[0],
        ),
    )  # fmt: skip
    portions.register(Portion(name="web_hooks", models=("push.Hook",), of_institution=_of_institution))
