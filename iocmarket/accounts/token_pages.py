"""The page of tokens: made, rotated, revoked; a secret is in one answer and nowhere else. Thin: services write."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from iocmarket.accounts import feed_keys
from iocmarket.accounts.models import Member, Token
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.rotation_pages import rotated
from iocmarket.accounts.services import NewToken, create_token, revoke_token
from iocmarket.accounts.snippets import Card, snippets
from iocmarket.accounts.token_forms import FeedKeyForm, RotationForm, TokenForm
from iocmarket.accounts.views import actor_of, member_of, member_with, require
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The institution's tokens, and a new one."""
    member = member_of(request)
    if request.method != "POST":
        return _page(request, member)
    require(member, Capability.TOKENS_MANAGE)
    form = TokenForm(request.POST)
    made = _made(member, form)
    return _page(request, member, made=made) if made else _page(request, member, form=form)


@login_required
@never_cache
@require_POST
def feed_key(request: HttpRequest) -> HttpResponse:
    """A new feed key."""
    member = member_with(request, Capability.TOKENS_MANAGE)
    form = FeedKeyForm(request.POST, institution_id=member.institution_id or 0)
    made = _made(member, form)
    return _page(request, member, made=made) if made else _page(request, member, key_form=form)


@login_required
@never_cache
@require_POST
def rotate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A new secret in place of one of the own institution's."""
    member = member_with(request, Capability.TOKENS_MANAGE)
    token = get_object_or_404(Token, public_id=public_id, institution=member.institution)
    made = rotated(request, token, member)
    return _page(request, member, made=made) if made else redirect("tokens")


@login_required
@require_POST
def revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close a token of the own institution."""
    member = member_with(request, Capability.TOKENS_MANAGE)
    token = get_object_or_404(Token, public_id=public_id, institution=member.institution)
    revoke_token(token, actor=actor_of(member))
    messages.success(request, _("The token “%(name)s” opens nothing any more.") % {"name": token.name})
    return redirect("tokens")


def _made(member: Member, form: TokenForm | FeedKeyForm) -> NewToken | None:
    """The token, or None with the reason in the form."""
    if not form.is_valid() or member.institution is None:
        return None
    try:
        return create_token(institution=member.institution, made_by=member, actor=actor_of(member), **form.made_of())
    except Refusal as refusal:
        form.add_error(None, sentence_of(refusal))
        return None


def _page(
    request: HttpRequest,
    member: Member,
    *,
    made: NewToken | None = None,
    form: Form | None = None,
    key_form: Form | None = None,
) -> HttpResponse:
    held = Token.objects.filter(institution=member.institution)
    keys_on = feed_keys.are_on()
    context = {
        "tokens": held.select_related("made_by", "institution", "replaced_by").order_by("-created_at", "-pk"),
        "form": form or TokenForm(),
        "keys_on": keys_on,
        "key_form": (key_form or FeedKeyForm(institution_id=member.institution_id or 0))
        if keys_on or key_form
        else None,
        "rotation": RotationForm(auto_id=False),
        "made": made,
        "address": _address(made) if made else "",
        "may_manage": member.may(Capability.TOKENS_MANAGE),
        "cards": _cards(member, made),
        "moment": clock.now(),
    }
    return render(request, "accounts/tokens.html", context, status=422 if form or key_form else 200)


def _address(made: NewToken) -> str:
    """Of a feed key: the address that it opens."""
    found = feed_keys.feeds.named(made.token.feed, made.token.institution_id) if made.token.feed else None
    return found.address(made.secret) if found else ""


def _cards(member: Member, made: NewToken | None) -> list[Card]:
    """The tools, with the new token inside while this answer is on the screen."""
    institution_id = member.institution_id or 0
    if made is None or made.token.feed:
        return snippets.written(url=settings.PUBLIC_URL, institution_id=institution_id)
    return snippets.written(
        url=settings.PUBLIC_URL, institution_id=institution_id, token=made.secret, scopes=made.token.scopes
    )
