"""What an applicant, a refused or a suspended person sees, and the answer to a question."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from iocmarket.accounts.models import Member
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from iocmarket.vetting.applying import answer_question
from iocmarket.vetting.deciding import application_of
from iocmarket.vetting.forms import WordsForm
from iocmarket.vetting.models import Question


@login_required
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Waiting, refused or suspended, each with what can be done."""
    member = request.user
    if isinstance(member, Member) and member.is_approved:
        return redirect("home")
    return _page(request)


@login_required
@require_POST
def answer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer one question; somebody else's is a 404 like one that is not there."""
    member = request.user
    if not isinstance(member, Member):
        raise Http404
    question = get_object_or_404(Question, public_id=public_id, application__member=member)
    form = WordsForm(request.POST)
    text = form.cleaned_data["words"] if form.is_valid() else ""
    try:
        answer_question(question, text=text, member=member)
    except Refusal as refusal:
        return _page(request, failed=question.pk, trouble=sentence_of(refusal), status=422)
    messages.success(request, _("Your answer was sent."))
    return redirect("waiting")


def _page(request: HttpRequest, *, status: int = 200, **more: object) -> HttpResponse:
    member = request.user
    if not isinstance(member, Member):
        raise Http404
    application = application_of(member)
    refused = member.state == Member.State.REFUSED
    context = {
        "refused": refused,
        "suspended": not refused and member.state != Member.State.APPLICANT,
        "reason": member.decided_reason,
        "application": application,
        "questions": application.questions.all() if application else [],
        **more,
    }
    return render(request, "account/pending.html", context, status=status)
