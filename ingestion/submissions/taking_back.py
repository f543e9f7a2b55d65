"""Taking an own statement back, or all that one submission said: a page that says what follows, then the act."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from ingestion.submissions.models import Submission
from ingestion.submissions.reading import submissions_of
from ingestion.submissions.working import stop
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer, viewer_of_member
from iocmarket.accounts.views import member_of
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.services import withdraw as take_back
from iocmarket.indicators.taking_back import withdraw_all
from iocmarket.indicators.visibility import may_withdraw


@login_required
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """GET asks, POST does. 404 for another institution's statement, as for none."""
    viewer = viewer_of_member(member_of(request))
    contribution = Contribution.objects.own_of(viewer).filter(public_id=public_id).with_authors().first()
    if contribution is None or not may_withdraw(contribution, viewer):
        raise Http404
    same_value = Contribution.objects.visible_to(viewer).filter(indicator=contribution.indicator)
    others = same_value.exclude(pk=contribution.pk).count()
    if request.method == "GET":
        return render(request, "submissions/withdraw.html", {"said": contribution, "others": others})
    take_back(contribution, viewer=viewer)
    messages.success(request, _("Withdrawn. Every feed learns it within seconds."))
    return redirect("indicator", contribution.indicator.public_id) if others else redirect("home")


@login_required
@require_http_methods(["GET", "POST"])
def withdraw_submission(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Everything that one submission said and that still stands; what of it waits is not shared any more."""
    viewer = viewer_of_member(member_of(request))
    submission = get_object_or_404(submissions_of(viewer), public_id=public_id)
    if Scope.INDICATORS_WRITE not in viewer.scopes:
        raise Http404
    if request.method == "GET":
        context = {"submission": submission, "count": said_in(submission, viewer).count()}
        return render(request, "submissions/withdraw_submission.html", context)
    count = take_back_all(submission, viewer=viewer)
    said = ngettext("%(count)d statement withdrawn.", "%(count)d statements withdrawn.", count)
    messages.success(request, said % {"count": count})
    return redirect("shared", public_id)


def take_back_all(submission: Submission, *, viewer: Viewer) -> int:
    """Stop it where it still waits, and take back what it said; how many statements."""
    with transaction.atomic():
        held = Submission.objects.select_for_update().get(pk=submission.pk)
        if not held.is_finished:
            stop(held)
    return withdraw_all(said_in(submission, viewer), viewer=viewer, why="submission.withdrawn")


def said_in(submission: Submission, viewer: Viewer) -> QuerySet[Contribution]:
    """What it said first and still stands. What it only repeated stands since an earlier one, and stays."""
    values = submission.items.exclude(indicator=None).values("indicator_id")
    found: QuerySet[Contribution] = Contribution.objects.own_of(viewer).filter(
        submission=submission.public_id, indicator__in=values, withdrawn_at__isnull=True
    )
    return found
