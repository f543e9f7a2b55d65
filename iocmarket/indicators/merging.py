"""Two institutions become one: what the first is and said belongs to the second from now on.

What third parties see stays, but for the name: statements keep their marking, their audience and their report. Where
both said the same to the same, the fresher statement stands, over the time that both cover; where they said it to
different readers, both stand, the older one in a report that only the institution itself sees.
"""

from __future__ import annotations

from django.db import models, transaction
from django.db.models import Q

from iocmarket.accounts.circles import hold_circles_of
from iocmarket.accounts.models import Asset, Circle, CircleInvitation, CircleMembership, Institution
from iocmarket.audit.services import Actor, record
from iocmarket.indicators import settling
from iocmarket.indicators.circulation import note_circulation
from iocmarket.indicators.departing import IN, close_keys
from iocmarket.indicators.handing_over import give, readdress
from iocmarket.indicators.joining import met_there
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution, Report
from iocmarket.indicators.reuniting import settle_titles
from iocmarket.indicators.settling import refuse_unsettled
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

SETTLED = frozenset(
    {
        "accounts.Asset",
        "accounts.CircleMembership",
        "accounts.Institution",
        "indicators.Alert",
        "indicators.Contribution",
        "indicators.Settlement",
        "indicators.Sighting",
    }
)
"""Moved by rules of their own: here, or a chunk at a time (handing_over.py)."""
KEPT = frozenset(
    {
        "accounts.Invitation",  # they were taken back
        "accounts.Token",  # they were revoked
        "audit.Event",  # nobody writes the past anew
        "feeds.FeedPolicy",  # of tools that read the old institution's feeds
        "feeds.FeedState",  # a consumer's place in the old institution's feeds
        "misp.MovedFor",  # what the old institution's own MISP was told to block
        "misp.WrittenAttribute",  # names that clients gave whose tokens are revoked
        "misp.WrittenEvent",
        "privacy.Erasure",  # an institution that is erased merges with none
        "profiles.FeedProfile",  # read with keys that are revoked
        "publication.View",  # the old inbox, which nobody reads any more
        "submissions.ColumnMemory",  # a habit of reading, which the other one has for itself
        "submissions.KeptAnswer",  # of a day, to keys that are revoked
        "taxii.Depot",  # written by tokens that are revoked; what became of it moves
        "taxii.DepotStatus",
    }
)
"""Stay with the institution that ended. Everything else that belongs to an institution moves as it is."""


@transaction.atomic
def merge_institutions(source: Institution, target: Institution, *, actor: Actor) -> Institution:
    """Merge the first into the second; the second as it is afterwards. The first has left, and says into which.

    People keep their roles, are logged out, and its tokens are revoked. Of more than a chunk of statements the worker
    hands over the rest (settling.py). Raises Refusal: `same_institution`, `not_approved`, `not_settled`,
    `circle_of_that_name` (they are in different circles of one name).
    """
    if source.pk == target.pk:
        raise Refusal("same_institution", "an institution does not merge into itself")
    for pk in sorted((source.pk, target.pk)):
        hold_institution(pk)
        Institution.objects.select_for_update().get(pk=pk)
    source.refresh_from_db()
    target.refresh_from_db()
    _check(source, target)
    refuse_unsettled(source, target)
    moment = clock.now()
    close_keys(source, moment)
    met = _join_circles(source, target)
    _move_assets(source, target)
    settle_titles(source, target)
    met |= _move_what_persons_said(source, target)
    readdress(Report.objects, Report.objects.filter(recipients__contains=[source.pk]), source, target)
    moved = _move_the_rest(source, target)
    note_circulation(met)
    source.state, source.left_at, source.merged_into = Institution.State.LEFT, moment, target
    source.save(update_fields=["state", "left_at", "merged_into"])
    record(
        "institution.merged", actor=actor, subject_type="institution", subject_id=source.public_id,
        details={"into": str(target.public_id), "moved": moved, "settled": settling.begin(source)},
    )  # fmt: skip
    return target


def _check(source: Institution, target: Institution) -> None:
    kinds = {source.kind, target.kind}
    if source.state not in IN or not target.is_approved or kinds != {Institution.Kind.MEMBER}:
        raise Refusal("not_approved", "a member institution merges into an approved one")


def _join_circles(source: Institution, target: Institution) -> set[int]:
    """The target gains the source's circles as somebody who joins now; the values that it meets there."""
    hold_circles_of(target)
    met: set[int] = set()
    joined = set(Circle.objects.filter(institutions=target).values_list("pk", flat=True))
    for circle in Circle.objects.filter(institutions=source).exclude(pk__in=joined).order_by("pk"):
        if Circle.objects.filter(institutions=target, name__iexact=circle.name).exists():
            raise Refusal("circle_of_that_name", f"{target.name} is in another circle named {circle.name!r}")
        managed = circle.memberships.filter(institution=source, manages=True).exists()
        CircleMembership.objects.create(circle=circle, institution=target, manages=managed)
        met |= met_there(circle, target)
    CircleMembership.objects.filter(institution=source).delete()
    # Who is asked into a circle is asked as itself; and nobody is asked into a circle that it is in.
    CircleInvitation.objects.filter(Q(institution=source) | Q(institution=target, circle__institutions=target)).delete()
    return met


def _move_assets(source: Institution, target: Institution) -> None:
    """What both declared is one; it is proven when one of them proved it."""
    for asset in Asset.objects.filter(institution=source):
        twin = Asset.objects.filter(institution=target, kind=asset.kind, value=asset.value).first()
        if twin is None:
            asset.institution = target
            asset.save(update_fields=["institution"])
            continue
        if twin.verified_at is None and asset.verified_at is not None:
            twin.verified_at, twin.proof, twin.refusal = asset.verified_at, asset.proof, ""
            # The record that stands in the DNS is the source's.
            twin.challenge, twin.check_due_at, twin.failures = asset.challenge, asset.check_due_at, asset.failures
            twin.save(update_fields=["verified_at", "proof", "refusal", "challenge", "check_due_at", "failures"])
        asset.delete()


def _move_what_persons_said(source: Institution, target: Institution) -> set[int]:
    """In TLP:RED, where a statement is its author's, who is the target's from now on; the values that it is about."""
    said = list(Contribution.unscoped.filter(institution=source, tlp=TLP.RED).only("pk", "indicator_id"))
    give(said, target)
    return {row.indicator_id for row in said}


def _move_the_rest(source: Institution, target: Institution) -> dict[str, int]:
    """Everything else that belongs to an institution, of whichever app; how many rows of each model."""
    moved = {}
    for model, field in belongings():
        label = model._meta.label  # noqa: SLF001 (Django's documented _meta API)
        if label not in SETTLED | KEPT:
            count = model._base_manager.filter(**{field: source}).update(**{field: target})  # noqa: SLF001
            if count:
                moved[label] = count
    return moved


def belongings() -> list[tuple[type[models.Model], str]]:
    """Every model with a foreign key to Institution, with the name of the key."""
    # Hidden ones too: a key without a way back belongs to the institution all the same.
    fields = Institution._meta.get_fields(include_hidden=True)  # noqa: SLF001 (Django's documented _meta API)
    keys = [field for field in fields if isinstance(field, models.ManyToOneRel)]  # one-to-one keys are such, too
    return [(key.related_model, key.field.name) for key in keys if isinstance(key.related_model, type)]
