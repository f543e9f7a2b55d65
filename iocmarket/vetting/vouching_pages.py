"""Who wants to join, for those who may give their word."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from iocmarket.accounts.views import member_of
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from iocmarket.vetting.forms import WordsForm
from iocmarket.vetting.models import Application, Vouch
from iocmarket.vetting.vouching import may_vouch, missing_for, open_to, vouch, withdraw_vouch


def voucher_of(request: HttpRequest) -> Member:
    """The member behind the page, who may vouch. Raises Http404 for everybody else."""
    member = member_of(request)
    if not may_vouch(member):
        raise Http404
    return member


@login_required
@require_GET
def candidates(request: HttpRequest) -> HttpResponse:
    """The applications that wait for words."""
    return _page(request, voucher_of(request))


@login_required
@require_POST
def give(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Vouch for one."""
    member, application = _asked(request, public_id)
    form = WordsForm(request.POST)
    words = form.cleaned_data["words"] if form.is_valid() else ""
    try:
        vouch(application, words=words, by=member)
    except Refusal as refusal:
        return _page(request, member, failed=application, trouble=sentence_of(refusal))
    messages.success(request, _("You vouch for %(name)s.") % {"name": application.member})
    return redirect("candidates")


@login_required
@require_POST
def take_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Withdraw the word of the own institution."""
    member, application = _asked(request, public_id)
    try:
        withdraw_vouch(application, by=member)
    except Refusal as refusal:
        return _page(request, member, failed=application, trouble=sentence_of(refusal))
    messages.success(request, _("Your vouch for %(name)s is withdrawn.") % {"name": application.member})
    return redirect("candidates")


def _asked(request: HttpRequest, public_id: UUID) -> tuple[Member, Application]:
    member = voucher_of(request)
    return member, get_object_or_404(open_to(member), public_id=public_id)


def _page(
    request: HttpRequest, member: Member, *, failed: Application | None = None, trouble: str = ""
) -> HttpResponse:
    given = {
        vouch.application_id: vouch
        for vouch in Vouch.objects.filter(institution=member.institution, withdrawn_at__isnull=True).select_related(
            "member"
        )
    }
    rows = [
        {
            "application": application,
            "missing": missing_for(application),
            "given": given.get(application.pk),
            "may_withdraw": _may_withdraw(given.get(application.pk), member),
            "trouble": trouble if failed == application else "",
        }
        for application in open_to(member)
    ]
    return render(request, "vetting/candidates.html", {"rows": rows}, status=422 if failed else 200)


def _may_withdraw(given: Vouch | None, member: Member) -> bool:
    return given is not None and (given.member_id == member.pk or member.role == Role.MANAGER)
