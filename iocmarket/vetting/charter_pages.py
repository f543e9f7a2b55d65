"""The charter: to read for everybody, to accept for members, to publish for administrators."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import member_of, member_with
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from iocmarket.vetting.charters import accept_charter, current_charter, owed_by, publish_charter
from iocmarket.vetting.draft import DRAFT_EN, DRAFT_FR
from iocmarket.vetting.forms import CharterForm
from iocmarket.vetting.models import Acceptance, Charter
from iocmarket.vetting.paragraphs import blocks_of
from iocmarket.vetting.rules import current_rules
from iocmarket.web.pages import frame_for


@require_GET
def charter(request: HttpRequest, version: int | None = None) -> HttpResponse:
    """The version that holds, or an earlier one; 404 for one that never was."""
    shown = get_object_or_404(Charter, version=version) if version is not None else current_charter()
    return _shown(request, shown)


@login_required
@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    """Accept the version that was shown, and go on to the page that was asked for."""
    member = member_of(request)
    typed = request.POST.get("version", "")
    try:
        accept_charter(member, version=int(typed) if typed.isdecimal() and len(typed) < 7 else 0)
    except Refusal as refusal:
        return _shown(request, current_charter(), trouble=sentence_of(refusal), status=422)
    messages.success(request, _("Thank you: the charter is accepted."))
    onward = request.POST.get("next", "")
    own = onward.startswith("/") and url_has_allowed_host_and_scheme(onward, allowed_hosts=None)
    return redirect(onward if own else "/")


@login_required
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest) -> HttpResponse:
    """A new version: the form begins with the text that holds, or with a draft."""
    administrator = member_with(request, Capability.CHARTER_PUBLISH)
    holds = current_charter()
    first = (
        {"text_fr": holds.text_fr, "text_en": holds.text_en} if holds else {"text_fr": DRAFT_FR, "text_en": DRAFT_EN}
    )
    form = CharterForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_valid():
        try:
            made = publish_charter(by=administrator, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
        else:
            messages.success(
                request, _("Version %(version)d of the charter holds from now on.") % {"version": made.version}
            )
            return redirect("charter")
    context = {"form": form, "holds": holds, "rules": current_rules()}
    return render(request, "vetting/publish.html", context, status=422 if form.is_bound else 200)


def _shown(request: HttpRequest, shown: Charter | None, *, trouble: str = "", status: int = 200) -> HttpResponse:
    member = request.user if isinstance(request.user, Member) else None
    owed = owed_by(member) if member is not None and member.is_approved else None
    accepted = Acceptance.objects.filter(member=member, charter=shown).first() if member and shown else None
    versions = list(Charter.objects.only("version", "published_at"))
    context = {
        # Who owes an acceptance may go nowhere else: the shell with its places would be in vain.
        "frame": "base_public.html" if owed else frame_for(request),
        "shown": shown,
        "blocks": blocks_of(shown.text(get_language() or "")) if shown else [],
        "holds": bool(shown and versions and versions[0].pk == shown.pk),
        "versions": versions,
        "owed": owed if owed and shown and owed.pk == shown.pk else None,
        "accepted": accepted,
        "next": request.GET.get("next", "") or request.POST.get("next", ""),
        "administers": bool(member and member.may(Capability.CHARTER_PUBLISH)),
        "trouble": trouble,
    }
    return render(request, "vetting/charter.html", context, status=status)
