"""Pages of the community's own house: tokens. Thin: services decide and write."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from iocmarket.accounts import services
from iocmarket.accounts.forms import TokenForm
from iocmarket.accounts.models import Member, Token
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.snippets import Card, snippets
from iocmarket.audit.services import Actor
from iocmarket.kernel import clock


def member_of(request: HttpRequest) -> Member:
    """The approved member behind a page. Raises Http404 for anybody else: the middleware let only members through."""
    member = request.user
    if not isinstance(member, Member) or not member.is_approved or member.institution is None:
        raise Http404
    return member


def actor_of(member: Member) -> Actor:
    """The member as the author of an audit event."""
    return Actor(member_id=member.pk, institution_id=member.institution_id)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The institution's tokens, and a new one. The secret is in this one answer and nowhere else."""
    member = member_of(request)
    form = TokenForm(request.POST if request.method == "POST" else None)
    made: services.NewToken | None = None
    if request.method == "POST":
        _may_manage_tokens(member)
        if form.is_valid():
            made = _make_token(member, form)
            form = TokenForm()
    context = {
        "tokens": Token.objects.filter(institution=member.institution)
        .select_related("made_by")
        .order_by("-created_at"),
        "form": form,
        "made": made,
        "may_manage": member.may(Capability.TOKENS_MANAGE),
        "cards": _cards(member, made),
        "moment": clock.now(),
    }
    return render(request, "accounts/tokens.html", context, status=200 if made or not form.is_bound else 422)


def _cards(member: Member, made: services.NewToken | None) -> list[Card]:
    """The tools, with the new token inside while this answer is on the screen."""
    institution_id = member.institution_id or 0
    if made is None:
        return snippets.written(url=settings.PUBLIC_URL, institution_id=institution_id)
    return snippets.written(
        url=settings.PUBLIC_URL, institution_id=institution_id, token=made.secret, scopes=made.token.scopes
    )


def _make_token(member: Member, form: TokenForm) -> services.NewToken:
    institution = member.institution
    if institution is None:
        raise Http404
    days = form.cleaned_data["days"]
    return services.create_token(
        institution=institution,
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        made_by=member,
        actor=actor_of(member),
        expires_at=clock.now() + timedelta(days=days) if days else None,
        tool=form.cleaned_data["tool"],
    )


@login_required
@require_POST
def revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close a token of the own institution."""
    member = member_of(request)
    _may_manage_tokens(member)
    token = get_object_or_404(Token, public_id=public_id, institution=member.institution)
    services.revoke_token(token, actor=actor_of(member))
    messages.success(request, _("The token “%(name)s” opens nothing any more.") % {"name": token.name})
    return redirect("tokens")


def _may_manage_tokens(member: Member) -> None:
    if not member.may(Capability.TOKENS_MANAGE):
        raise Http404
