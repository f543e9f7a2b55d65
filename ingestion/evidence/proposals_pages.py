"""The page on which values out of an archive are ticked, looked at and shared. Thin: proposals.py decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ingestion.evidence import proposals as services
from ingestion.evidence.forms import ProposeForm
from ingestion.evidence.models import Archive, Case, SharedValues
from ingestion.evidence.proposals import Proposal
from ingestion.evidence.proposing import WHY
from ingestion.submissions.drafts import Sending
from ingestion.submissions.edits import edited, mark_of
from ingestion.submissions.lines import account_of, lines_before
from ingestion.submissions.models import Submission
from ingestion.submissions.pages import circles_of, others_of
from ingestion.submissions.pressure import ComeBackLater
from ingestion.submissions.reasons import fault_of
from ingestion.submissions.services import preview
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer, viewer_of_member
from iocmarket.accounts.views import member_of
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of

NEEDED = {Scope.EVIDENCE_WRITE, Scope.INDICATORS_WRITE}
NOTES = 50
"""Earlier acts of sharing on the page: the newest."""


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Tick → look → share, for one archive of the own institution's case; without scripts each step is a page."""
    member = member_of(request)
    viewer = viewer_of_member(member)
    if not set(viewer.scopes) >= NEEDED:
        raise Http404
    case = get_object_or_404(Case.objects.owned_by(viewer), public_id=public_id)
    done = case.archives.filter(state=Archive.State.DONE).select_related("case").order_by("-pk")
    archive = _archive(request, done)
    form = _form(request, member)
    context: dict[str, Any] = {"case": case, "archive": archive, "archives": list(done), "form": form, "step": 1}
    if archive is None:
        return render(request, "evidence/propose.html", context)
    found = services.proposals_read(archive, viewer=viewer)
    if request.method == "POST" and form.is_valid():
        answer = _answer(request, archive, found, form, viewer)
        if isinstance(answer, UUID):
            return redirect("shared", answer)
        context |= answer
    context |= _shown(request, archive, found)
    return render(request, "evidence/propose.html", context, status=422 if form.errors else 200)


def _archive(request: HttpRequest, done: QuerySet[Archive]) -> Archive | None:
    """The one that is named, or else the newest. Raises Http404 for any that is not among them."""
    named = request.POST.get("archive") or request.GET.get("archive")
    if not named:
        return done.first()
    try:
        return get_object_or_404(done, public_id=UUID(named))
    except ValueError as error:
        raise Http404 from error


def _form(request: HttpRequest, member: Member) -> ProposeForm:
    return ProposeForm(request.POST or None, institutions=others_of(member), circles=circles_of(member))


def _answer(
    request: HttpRequest, archive: Archive, found: list[Proposal], form: ProposeForm, viewer: Viewer
) -> dict[str, Any] | UUID:
    """The look, or the id of what was shared. Only what was looked at is shared."""
    ticked = set(request.POST.getlist("take"))
    chosen = [
        (one, request.POST.get(f"threat-{one.key}", "")) for one in found if one.key in ticked and not one.left_out
    ]
    try:
        sending = services.sending_of(
            chosen, choices=form.choices, title=form.cleaned_data["title"], text=form.cleaned_data["description"],
            given=form.said,
        )  # fmt: skip
        looked = services.checked(archive, sending, found)
        mark = mark_of(looked)
        if request.POST.get("act") == "share" and request.POST.get("seen") == mark:
            return _shared(request, archive, sending, viewer)
        return {"seen": mark, **_look(looked, viewer)}
    except ComeBackLater as later:
        form.add_error(None, later.detail)
    except Refusal as refusal:
        known = refusal.code in {"names_source", "nothing_chosen", "not_proposed"}
        form.add_error(None, sentence_of(refusal) if known else fault_of(refusal))
    return {}


def _shared(request: HttpRequest, archive: Archive, sending: Sending, viewer: Viewer) -> UUID:
    outcome = services.share(archive, sending, viewer=viewer, channel=Submission.Channel.WEB)
    kept = outcome.counts["accepted"] + outcome.counts["refreshed"]
    said = ngettext("%(count)d indicator shared.", "%(count)d indicators shared.", kept)
    messages.success(request, said % {"count": kept})
    if outcome.public_id is None:
        raise ValueError("what is submitted has an id")
    return outcome.public_id


def _look(sending: Sending, viewer: Viewer) -> dict[str, Any]:
    """What would become of every line, as on the page Share; settings of lines are in the table of proposals."""
    outcome = preview(sending, viewer=viewer)
    lines = [replace(line, look=None) for line in lines_before(outcome, edited(sending, {}))]
    return {"step": 2, "lines": lines, **account_of(lines)}


def _shown(request: HttpRequest, archive: Archive, found: list[Proposal]) -> dict[str, Any]:
    bound = request.method == "POST"
    ticked = set(request.POST.getlist("take"))
    free = [one for one in found if not one.left_out]
    return {
        "rows": [
            (one, WHY[one.candidate.why], one.key in ticked, request.POST.get(f"threat-{one.key}") if bound
             else one.candidate.threat)
            for one in free
        ],
        "left_out": [(one, WHY[one.candidate.why]) for one in found if one.left_out],
        "threats": ThreatType.choices,
        "notes": SharedValues.objects.filter(archive=archive).order_by("-pk")[:NOTES],
    }  # fmt: skip
