"""What somebody new does first: four steps on the first page, each gone over once, from what is there already.

Nothing of it is stored: a step is done when its result exists. The steps leave with the last one, or thirty days after
the person came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ingestion.submissions.models import Submission
from iocmarket.accounts.models import Asset, Institution, Invitation, Member, Token
from iocmarket.accounts.roles import Capability, Scope
from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel import clock

NEW_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Step:
    """One of them. `key` is `share`, `tool`, `assets` or `invite`: the page has the words."""

    key: str
    done: bool


def first_steps(member: Member, viewer: Viewer) -> list[Step]:
    """Those that this person may do, done or not; none for somebody who did them all or came long ago."""
    institution = member.institution
    if institution is None:
        return []
    # An application is older than the day on which it was answered.
    came = max(member.date_joined, institution.approved_at or member.date_joined)
    if came < clock.now() - NEW_FOR:
        return []
    steps = []
    if Scope.INDICATORS_WRITE in viewer.scopes:
        steps.append(Step("share", Submission.objects.filter(author=member).exists()))
    if member.may(Capability.TOKENS_MANAGE):
        steps.append(Step("tool", Token.objects.filter(institution=institution, revoked_at__isnull=True).exists()))
    if member.may(Capability.ASSETS_MANAGE):
        steps.append(Step("assets", Asset.objects.filter(institution=institution).exists()))
    if member.may(Capability.MEMBERS_MANAGE):
        steps.append(Step("invite", _has_colleagues(member, institution)))
    return steps if any(not step.done for step in steps) else []


def _has_colleagues(member: Member, institution: Institution) -> bool:
    others = Member.objects.filter(institution=institution, state=Member.State.APPROVED).exclude(pk=member.pk)
    return others.exists() or Invitation.objects.filter(institution=institution, revoked_at__isnull=True).exists()
