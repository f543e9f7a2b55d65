"""What is kept and for how long, for everybody; taking and erasing the own data, for the person. Thin.

The page of the own data is open to somebody who is no member any more, too: the right does not end with membership.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from iocmarket.accounts.models import Member
from iocmarket.accounts.reauthentication import fresh_login
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_of
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.privacy.erasing import REASON_MAX, erase_member
from iocmarket.privacy.exporting import export_institution, export_member
from iocmarket.privacy.retention import retention
from iocmarket.web.pages import frame_for
from iocmarket.web.throttles import hold

TROUBLES = {
    "reason_required": _("Say why, in at most 500 characters."),
    "last_manager": _("You are the last manager of your institution: let somebody else become one first."),
    "last_administrator": _("You are the last administrator of the platform: name another one first."),
    "not_confirmed": _("Tick the box: an erasure cannot be undone."),
}


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """Who answers for what, and the table of retention."""
    return render(request, "privacy/privacy.html", {"frame": frame_for(request), "rules": retention.ordered()})


@login_required
@never_cache
@require_GET
def own_data(request: HttpRequest) -> HttpResponse:
    """Take it, or erase it."""
    return _page(request, _person(request))


@login_required
@require_POST
@fresh_login
def take(request: HttpRequest) -> HttpResponseBase:
    """Everything of the person, as a file."""
    member = _person(request)
    hold("export", str(member.pk))
    return _file(export_member(member, actor=actor_of(member)), "my-data")


@login_required
@require_POST
@fresh_login
def take_institution(request: HttpRequest) -> HttpResponseBase:
    """Everything of the institution, for a manager."""
    member = member_of(request)
    if member.institution is None or not member.may(Capability.EXPORT):
        raise Http404
    hold("export", str(member.pk))
    return _file(export_institution(member.institution, actor=actor_of(member)), "institution")


@login_required
@require_POST
@fresh_login
def erase(request: HttpRequest) -> HttpResponse:
    """Erase the person who asks, for good."""
    member = _person(request)
    if request.POST.get("confirm") != "yes":
        return _page(request, member, trouble="not_confirmed")
    try:
        erase_member(member, reason=request.POST.get("reason", ""), actor=actor_of(member))
    except Refusal as refusal:
        return _page(request, member, trouble=refusal.code)
    logout(request)
    return redirect("erased")


@require_GET
def erased(request: HttpRequest) -> HttpResponse:
    """What is left after an erasure; says nothing of anybody."""
    return render(request, "privacy/erased.html")


def _person(request: HttpRequest) -> Member:
    if not isinstance(request.user, Member):
        raise Http404
    return request.user


def _page(request: HttpRequest, member: Member, *, trouble: str = "") -> HttpResponse:
    context = {
        "frame": frame_for(request),
        "member": member,
        "may_export_institution": member.may(Capability.EXPORT),
        "trouble": TROUBLES.get(trouble, ""),
        "reason": request.POST.get("reason", "")[:REASON_MAX],
        "reason_max": REASON_MAX,
    }
    return render(request, "privacy/own_data.html", context, status=422 if trouble else 200)


def _file(octets: Iterator[bytes], name: str) -> StreamingHttpResponse:
    day = clock.now().date().isoformat()
    answer = StreamingHttpResponse(octets, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{day}.zip"'
    return answer
