"""The pages of feeds: tools to connect, saved feeds with who reads them, the feed policy. Thin: services write."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from iocmarket.accounts import feed_keys
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Capability, Scope
from iocmarket.accounts.services import NewToken, create_token
from iocmarket.accounts.views import actor_of, member_and_own, require
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from sharing.feeds.formats.base import Mode, format_named
from sharing.feeds.policies import policy_of, set_policy
from sharing.feeds.policy import Policy
from sharing.feeds.services import NotReady
from sharing.profiles.cards import Card, Pick, cards_of, pick_of, picks
from sharing.profiles.forms import PolicyForm, ProfileForm, ReaderForm
from sharing.profiles.matrix import CHOICES, FAMILIES, MIXED, matrix_of, rows_of
from sharing.profiles.models import FeedProfile
from sharing.profiles.pulls import pulls_of
from sharing.profiles.services import (
    KEYED,
    address_of,
    change_profile,
    create_profile,
    delete_profile,
    explanation_at,
    file_of,
)
from sharing.profiles.trying import Trial, readers_of, tried, viewer_for

YEAR = timedelta(days=365)
"""After which a token or key made here expires."""


@login_required
@require_http_methods(["GET"])
def tools(request: HttpRequest) -> HttpResponse:
    """What is connected, and what can be."""
    member, own = member_and_own(request)
    saved = list(FeedProfile.objects.filter(institution=own).order_by("name"))
    context = {
        "cards": cards_of(saved, pulls_of([profile.pk for profile in saved]), clock.now()),
        "groups": [(mode, picks(mode)) for mode in (Mode.BLOCK, Mode.DETECT)],
        "may_manage": member.may(Capability.FEEDS_MANAGE),
    }
    return render(request, "profiles/tools.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Save a feed for a tool."""
    member, own = member_and_own(request)
    require(member, Capability.FEEDS_MANAGE)
    pick = pick_of(request.GET.get("tool", ""), request.GET.get("format", ""))
    if pick is None:
        raise Http404
    form = ProfileForm(request.POST or None, fmt=pick.fmt, initial={"name": _free_name(own, pick)})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = create_profile(
                own, name=given["name"], format=pick.fmt.name, options=form.options(), tool=pick.tool,
                note=given["note"], actor=actor_of(member),
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error("name" if refusal.where == "/name" else None, sentence_of(refusal))
        else:
            messages.success(request, _("The feed “%(name)s” is saved: connect your tool to it.") % {"name": made.name})
            return redirect("tool", made.name)
    return render(request, "profiles/new.html", {"form": form, "pick": pick}, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def tool(request: HttpRequest, name: str) -> HttpResponse:
    """One saved feed: its lines to paste, its pulls, its options."""
    member, profile = _own(request, name)
    if request.method != "POST":
        return _page(request, member, profile)
    require(member, Capability.FEEDS_MANAGE)
    form = _form(profile, request)
    if form.is_valid():
        try:
            change_profile(profile, options=form.options(), note=form.cleaned_data["note"], actor=actor_of(member))
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
        else:
            messages.success(request, _("Saved: the tools follow at their next pull."))
            return redirect("tool", profile.name)
    return _page(request, member, profile, form=form)


@login_required
@never_cache
@require_POST
def access(request: HttpRequest, name: str) -> HttpResponse:
    """A token or a feed key for it: in this answer, within the lines, and nowhere else."""
    member, profile = _own(request, name)
    require(member, Capability.TOKENS_MANAGE)
    keyed = request.POST.get("kind") == "key"
    try:
        made = create_token(
            institution=profile.institution, name=profile.name, scopes=[Scope.FEEDS_READ], made_by=member,
            actor=actor_of(member), expires_at=clock.now() + YEAR, feed=f"{KEYED}{profile.name}" if keyed else "",
        )  # fmt: skip
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
        return redirect("tool", profile.name)
    return _page(request, member, profile, made=made)


@login_required
@never_cache
@require_POST
def trial(request: HttpRequest, name: str) -> HttpResponse:
    """Fetch it as a consumer would, and say what came."""
    member, profile = _own(request, name)
    form = ReaderForm(request.POST, readers=readers_of(profile))
    if not form.is_valid():
        return _page(request, member, profile, reader=form)
    try:
        came = tried(profile, viewer_for(profile.institution, form.chosen()))
    except (NotReady, FileNotFoundError):
        messages.error(request, _("The feed is being prepared: try again in a moment."))
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
    else:
        return _page(request, member, profile, reader=form, came=came)
    return redirect("tool", profile.name)


@login_required
@require_POST
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Take it away, with its keys."""
    member, profile = _own(request, name)
    require(member, Capability.FEEDS_MANAGE)
    delete_profile(profile, actor=actor_of(member))
    messages.success(request, _("The feed “%(name)s” is deleted; its keys open nothing any more.") % {"name": name})
    return redirect("tools")


@login_required
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest) -> HttpResponse:
    """What the institution's tools may do with what it reads."""
    member, own = member_and_own(request)
    held, sent = policy_of(own.pk), None
    form = PolicyForm(request.POST or None, initial=PolicyForm.initial_of(held))
    if request.method == "POST":
        require(member, Capability.FEEDS_MANAGE)
        sent = {key: str(value) for key, value in request.POST.items()}
        if form.is_valid():
            try:
                wanted = Policy.read({**form.document(), "matrix": matrix_of(sent, held)})
            except Refusal as refusal:
                form.add_error("tags" if refusal.where == "/tags" else None, sentence_of(refusal))
            else:
                set_policy(own, wanted, actor=actor_of(member))
                messages.success(request, _("The policy is in force: feeds follow at their next pull."))
                return redirect("tools-policy")
    context = {
        "form": form if member.may(Capability.FEEDS_MANAGE) else form.closed(),
        "families": FAMILIES,
        "rows": rows_of(held, sent),
        "choices": CHOICES,
        "mixed": MIXED,
        "may_manage": member.may(Capability.FEEDS_MANAGE),
    }
    return render(request, "profiles/policy.html", context, status=422 if form.errors else 200)


def _own(request: HttpRequest, name: str) -> tuple[Member, FeedProfile]:
    member, own = member_and_own(request)
    found = FeedProfile.objects.select_related("institution")
    return member, get_object_or_404(found, institution=own, name=name)


def _free_name(own: Institution, pick: Pick) -> str:
    """The tool's name, with a number once it is taken."""
    taken = set(FeedProfile.objects.filter(institution=own).values_list("name", flat=True))
    names = [pick.slug, *(f"{pick.slug[:46]}-{number}" for number in range(2, 101))]
    return next((name for name in names if name not in taken), "")


def _form(profile: FeedProfile, request: HttpRequest | None = None) -> ProfileForm:
    fmt = format_named(profile.format)
    if fmt is None:
        raise Http404
    initial = {"note": profile.note, **ProfileForm.initial_of(profile.options, fmt)}
    return ProfileForm(request.POST if request else None, fmt=fmt, fixed=True, initial=initial)


def _page(
    request: HttpRequest,
    member: Member,
    profile: FeedProfile,
    *,
    form: ProfileForm | None = None,
    made: NewToken | None = None,
    reader: ReaderForm | None = None,
    came: Trial | None = None,
) -> HttpResponse:
    card: Card
    [card] = cards_of([profile], pulls_of([profile.pk]), clock.now())
    address = _address(made)
    context = {
        "card": card,
        "blocks": card.blocks(secret=made.secret if made else "", address=address),
        "form": form or _form(profile),
        "made": made,
        "address": address,
        "url": address_of(profile),
        "file": file_of(profile),
        "explained": explanation_at(profile),
        "reader": reader or ReaderForm(readers=readers_of(profile)),
        "came": came,
        "keys_on": feed_keys.are_on(),
        "may_manage": member.may(Capability.FEEDS_MANAGE),
        "may_make_tokens": member.may(Capability.TOKENS_MANAGE),
    }
    return render(request, "profiles/tool.html", context, status=422 if form or (reader and not came) else 200)


def _address(made: NewToken | None) -> str:
    """Of a feed key: the address that it opens."""
    if made is None or not made.token.feed:
        return ""
    found = feed_keys.feeds.named(made.token.feed, made.token.institution_id)
    return found.address(made.secret) if found else ""
