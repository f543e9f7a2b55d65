"""Pages for administrators: partners with their agreements and tokens, and what is open beyond the members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from iocmarket.accounts import feed_keys, opening
from iocmarket.accounts import partners as services
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.partner_forms import AgreementForm, PartnerForm
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.rotation_pages import rotated
from iocmarket.accounts.services import NewToken, create_token, revoke_token
from iocmarket.accounts.token_forms import PartnerTokenForm, RotationForm
from iocmarket.accounts.views import actor_of, member_with
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of


@login_required
@require_http_methods(["GET", "POST"])
def partners(request: HttpRequest) -> HttpResponse:
    """Every partner, a new one, and the switches."""
    member = member_with(request, Capability.PARTNERS_MANAGE)
    form = PartnerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = services.make_partner(**given, actor=actor_of(member))
            return redirect("partner", public_id=made.public_id)
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
    found = Institution.objects.filter(kind=Institution.Kind.PARTNER).order_by("name")
    context = {
        "partners": [(partner, partner.opens_to_tokens(clock.now())) for partner in found],
        "form": form,
        "public_feed": opening.the_public() is not None,
        "public_address": f"{settings.PUBLIC_URL}/public/csv",
        "keys_on": feed_keys.are_on(),
    }
    return render(request, "accounts/partners.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def switches(request: HttpRequest) -> HttpResponse:
    """Open or close the public feed, or feed keys: the button that was pressed says which and what."""
    member = member_with(request, Capability.PARTNERS_MANAGE)
    act = {"public_feed": _switch_public, "feed_keys": _switch_keys}.get(request.POST.get("what", ""))
    wish = request.POST.get("on", "")
    if act is None or wish not in {"0", "1"}:
        raise Http404
    messages.success(request, act(member, wish == "1"))
    return redirect("partners")


def _switch_public(member: Member, on: bool) -> str:
    opening.open_to_public(opened=on, actor=actor_of(member))
    return _("The public feed is open.") if on else _("The public feed is closed.")


def _switch_keys(member: Member, on: bool) -> str:
    feed_keys.switch(on=on, actor=actor_of(member))
    return _("Feed keys are on.") if on else _("Feed keys are off: none of them opens anything.")


@login_required
@never_cache
@require_GET
def partner(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One partner."""
    member_with(request, Capability.PARTNERS_MANAGE)
    return _page(request, _partner(public_id))


@login_required
@require_POST
def agreement(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A new agreement with a partner."""
    member, found = member_with(request, Capability.PARTNERS_MANAGE), _partner(public_id)
    form = AgreementForm(request.POST)
    if form.is_valid():
        try:
            services.renew_agreement(found, **form.cleaned_data, actor=actor_of(member))
            messages.success(request, _("The agreement is written."))
            return redirect("partner", public_id=public_id)
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
    return _page(request, found, agreement_form=form, status=422)


@login_required
@require_POST
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The end of an agreement, now."""
    member = member_with(request, Capability.PARTNERS_MANAGE)
    found = services.end_agreement(_partner(public_id), actor=actor_of(member))
    messages.success(request, _("%(name)s reads nothing any more.") % {"name": found.name})
    return redirect("partner", public_id=public_id)


@login_required
@never_cache
@require_POST
def token(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A new token for a partner. The secret is in this one answer and nowhere else."""
    member, found = member_with(request, Capability.PARTNERS_MANAGE), _partner(public_id)
    form = PartnerTokenForm(request.POST)
    if not found.opens_to_tokens(clock.now()):
        raise Http404
    if form.is_valid():
        try:
            made = create_token(institution=found, made_by=member, actor=actor_of(member), **form.made_of())
            return _page(request, found, made=made)
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
    return _page(request, found, form=form, status=422)


@login_required
@never_cache
@require_POST
def rotate(request: HttpRequest, public_id: UUID, token_id: UUID) -> HttpResponse:
    """A new secret in place of one of a partner's, which works for as long as is chosen."""
    member, found = member_with(request, Capability.PARTNERS_MANAGE), _partner(public_id)
    held = get_object_or_404(Token, public_id=token_id, institution=found)
    if not found.opens_to_tokens(clock.now()):
        raise Http404
    made = rotated(request, held, member)
    return _page(request, found, made=made) if made else redirect("partner", public_id=public_id)


@login_required
@require_POST
def revoke(request: HttpRequest, public_id: UUID, token_id: UUID) -> HttpResponse:
    """Close a token of a partner."""
    member, found = member_with(request, Capability.PARTNERS_MANAGE), _partner(public_id)
    held = get_object_or_404(Token, public_id=token_id, institution=found)
    revoke_token(held, actor=actor_of(member))
    messages.success(request, _("The token “%(name)s” opens nothing any more.") % {"name": held.name})
    return redirect("partner", public_id=public_id)


def _page(
    request: HttpRequest, found: Institution, *, made: NewToken | None = None, status: int = 200, **forms: Any
) -> HttpResponse:
    moment = clock.now()
    context = {
        "partner": found,
        "opens": found.opens_to_tokens(moment),
        "tokens": Token.objects.filter(institution=found).select_related("made_by", "institution").order_by("-pk"),
        "form": PartnerTokenForm(),
        "agreement_form": AgreementForm(initial={"agreement": found.agreement}),
        "rotation": RotationForm(auto_id=False),
        "made": made,
        "moment": moment,
        **forms,
    }
    return render(request, "accounts/partner.html", context, status=status)


def _partner(public_id: UUID) -> Institution:
    return get_object_or_404(Institution, public_id=public_id, kind=Institution.Kind.PARTNER)
