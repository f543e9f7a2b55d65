"""What goes when an institution is erased: in which order, how much there is of it, and a chunk of it at a time.

Whatever belongs to an institution goes, whichever app it is of, unless it is named here: a model that is new is
erased without anybody having thought of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Institution, Member
from iocmarket.audit.models import Event
from iocmarket.indicators.erasing import erase_reports, erase_sightings, erase_statements
from iocmarket.indicators.merging import belongings
from iocmarket.indicators.models import Contribution, Report, Sighting
from iocmarket.privacy.erasing import DOMAIN, blank
from iocmarket.publication.models import View
from iocmarket.publication.revoking import forget_view_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

VALUES = 200
"""Values in a chunk: while one is erased nobody else shares or publishes, so it takes tenths of a second."""
ROWS = 2000
FEW = 20
"""Rows of others' models in a chunk: a submission may have a hundred thousand lines."""
APART = frozenset(
    {
        "accounts.Institution",  # another one that merged into it: erased by itself
        "accounts.Member",
        "indicators.Contribution",
        "indicators.Report",
        "indicators.Sighting",
        "publication.View",
    }
)
"""Erased below by rules of their own."""
KEPT = frozenset(
    {
        "audit.Event",  # the chain must hold; it names assets that were declared, no person, and from where goes
        "privacy.Erasure",  # the proof that it was done
    }
)
"""Stay, with the reason."""
NAMES: dict[str, StrOrPromise] = {
    "submissions.Submission": _("Submissions, with what was sent"),
    "taxii.Depot": _("The collection Dépôt"),
    "accounts.Token": _("Tokens and feed keys"),
    "accounts.Invitation": _("Invitations"),
    "accounts.Asset": _("Assets"),
    "accounts.CircleMembership": _("Memberships in circles"),
}
OTHERS = _("Other rows: drafts, alerts, memories of feeds, vouches")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One kind of thing. `erase` takes a chunk in one transaction and tells how many rows went; 0: none was left."""

    name: str
    what: StrOrPromise
    count: Callable[[Institution], int]
    erase: Callable[[Institution], int]


def steps() -> list[Step]:
    """All of them, in the order in which they are done: what others read first, what identifies last."""
    return [
        Step(
            name="statements", what=_("Statements, with their comments"),
            count=lambda who: Contribution.unscoped.filter(institution=who).count(),
            erase=lambda who: erase_statements(who, VALUES),
        ),
        Step(
            name="sightings", what=_("Sightings"),
            count=lambda who: Sighting.unscoped.filter(institution=who).count(),
            erase=lambda who: erase_sightings(who, VALUES),
        ),
        Step(
            name="reports", what=_("Reports"), count=lambda who: Report.objects.filter(institution=who).count(),
            erase=lambda who: erase_reports(who, VALUES),
        ),
        Step(
            name="inbox", what=_("What was addressed to it by name: its copies"),
            count=lambda who: View.objects.filter(institution=who, entries__indicator__isnull=False).count(),
            erase=lambda who: forget_view_of(who.pk, ROWS),
        ),
        *_belongings(),
        Step(
            name="people", what=_("People: names, addresses and means of logging in"),
            count=lambda who: _people(who).count(), erase=_erase_people,
        ),
        Step(
            name="origins", what=_("Addresses and programs in the journal"),
            count=lambda who: _origins(who).count(), erase=_erase_origins,
        ),
    ]  # fmt: skip


def _belongings() -> list[Step]:
    """A step for each named model, and one for all others together."""
    found = [(model, key) for model, key in belongings() if _label(model) not in APART | KEPT]
    named = [pair for pair in found if _label(pair[0]) in NAMES]
    others = [pair for pair in found if _label(pair[0]) not in NAMES]
    return [_deleting(_label(model), NAMES[_label(model)], [(model, key)]) for model, key in named] + [
        _deleting("others", OTHERS, others)
    ]


def _deleting(name: str, what: StrOrPromise, pairs: Sequence[tuple[type[models.Model], str]]) -> Step:
    def rows(institution: Institution) -> list[QuerySet[Any]]:
        return [model._base_manager.filter(**{key: institution}) for model, key in pairs]  # noqa: SLF001 (documented)

    def erase(institution: Institution) -> int:
        for found in rows(institution):
            with transaction.atomic():
                ids = list(found.order_by("pk").values_list("pk", flat=True)[:FEW])
                if ids:
                    return int(found.model._base_manager.filter(pk__in=ids).delete()[0])  # noqa: SLF001 (same)
        return 0

    return Step(
        name=name, what=what, erase=erase, count=lambda who: sum(found.count() for found in rows(who))
    )  # fmt: skip


def _people(institution: Institution) -> QuerySet[Member]:
    return Member.objects.filter(institution=institution).exclude(email__endswith=f"@{DOMAIN}")


@transaction.atomic
def _erase_people(institution: Institution) -> int:
    found = list(_people(institution).select_for_update(of=("self",)).order_by("pk")[:FEW])
    for member in found:
        blank(member)
    return len(found)


def _origins(institution: Institution) -> QuerySet[Event]:
    return Event.objects.filter(Q(institution=institution), salt__isnull=False)


@transaction.atomic
def _erase_origins(institution: Institution) -> int:
    ids = list(_origins(institution).order_by("pk").values_list("pk", flat=True)[:ROWS])
    return Event.objects.filter(pk__in=ids).update(address=None, client="", salt=None) if ids else 0


def _label(model: type[models.Model]) -> str:
    return str(model._meta.label)  # noqa: SLF001 (Django's documented _meta API)
