"""The page of a member's mail keys: made, shown once, revoked. Thin: keys.py writes."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from ingestion.mailbox.keys import make_key, revoke_key
from ingestion.mailbox.models import MailKey
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.accounts.views import actor_of, member_of
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def mail_keys(request: HttpRequest) -> HttpResponse:
    """The own keys, and a new one."""
    member = _writer(request)
    made, status = None, 200
    if request.method == "POST":
        try:
            made = make_key(member, actor=actor_of(member))
        except Refusal as refusal:
            messages.error(request, sentence_of(refusal))
            status = 422
    context = {
        "keys": MailKey.objects.filter(member=member).order_by(F("revoked_at").desc(nulls_first=True), "-pk")[:50],
        "made": made,
        "bare": settings.MAILBOX_ADDRESS,
    }
    return render(request, "mailbox/keys.html", context, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close one of the own keys."""
    member = _writer(request)
    revoke_key(get_object_or_404(MailKey, public_id=public_id, member=member), actor=actor_of(member))
    messages.success(request, _("Mails to that address are not taken any more."))
    return redirect("token-mail")


def _writer(request: HttpRequest) -> Member:
    """Raises Http404 for whoever may share nothing."""
    member = member_of(request)
    if Scope.INDICATORS_WRITE not in viewer_of_member(member).scopes:
        raise Http404
    return member
