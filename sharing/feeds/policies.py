"""The feed policies of institutions: read by their feeds, written by their managers."""

from __future__ import annotations

import hashlib
from datetime import datetime

import orjson
from django.db import transaction

from iocmarket.accounts.models import Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from sharing.feeds.formats.base import Mode
from sharing.feeds.models import FeedPolicy
from sharing.feeds.policy import Policy, Ruling


def policy_of(institution_id: int) -> Policy:
    """What the institution wants of its feeds. One statement."""
    found = FeedPolicy.objects.filter(institution_id=institution_id).values_list("rules", flat=True).first()
    return Policy() if found is None else Policy.read(found)


def policy_for(viewer: Viewer) -> Policy:
    """The one that rules the feeds of a viewer; partners and the public have none."""
    return Policy() if viewer.community_only else policy_of(viewer.institution_id)


def ruling_of(viewer: Viewer, policy: Policy, mode: Mode, *, moment: datetime) -> Ruling:
    """The policy ready to be asked. Tags are those of all that the institution may see, whatever exit is in use."""
    tagged: frozenset[int] = frozenset()
    if policy.tags:
        said = Contribution.objects.visible_to(viewer.decider).filter(tags__overlap=list(policy.tags))
        tagged = frozenset(said.values_list("indicator_id", flat=True))
    return Ruling(policy, mode, moment=moment, tagged=tagged)


@transaction.atomic
def set_policy(institution: Institution, policy: Policy, *, actor: Actor) -> bool:
    """Put a policy in place of the one before; whether that changed anything. Feeds follow at their next request."""
    document = policy.document()
    digest = hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).digest()
    Institution.objects.select_for_update().get(pk=institution.pk)
    if FeedPolicy.objects.filter(institution=institution, digest=digest).exists():
        return False
    FeedPolicy.objects.update_or_create(
        institution=institution, defaults={"rules": document, "digest": digest, "changed_at": clock.now()}
    )
    cells = sum(len(row) for row in document["matrix"].values())
    told = {"cells": cells, **{name: document[name] for name in ("score_min", "age_days", "cap")}}
    record(
        "feeds.policy_changed", actor=actor, subject_type="institution", subject_id=institution.public_id,
        details={**told, "tags": len(policy.tags)},
    )  # fmt: skip
    return True
