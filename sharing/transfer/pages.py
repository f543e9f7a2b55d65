"""The page of the subscribers of the zone: made, given another key, removed. Thin: services write."""

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

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_with
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.kernel.reasons import sentence_of
from sharing.transfer import recipes, services
from sharing.transfer.forms import TransferForm
from sharing.transfer.models import Transfer

OVERLAP = timedelta(days=7)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def transfers(request: HttpRequest) -> HttpResponse:
    """Those of the institution, and a new one, whose lines are shown once with the secret."""
    member, institution = _manager(request)
    form = TransferForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            made = services.create(
                institution, name=told["name"], action=told["action"], target=told["target"], notify=told["notify"],
                tlp_ceiling=TLP(told["tlp_ceiling"]), actor=actor_of(member),
            )  # fmt: skip
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
        else:
            return _page(request, institution, TransferForm(), made=made)
    return _page(request, institution, form)


@login_required
@never_cache
@require_POST
def act(request: HttpRequest, public_id: UUID, act: str) -> HttpResponse:
    """Give it another key, or remove it."""
    member, institution = _manager(request)
    held = get_object_or_404(Transfer, public_id=public_id, institution=institution)
    if act == "rotate":
        made = services.rotate(held, overlap=OVERLAP, actor=actor_of(member))
        return _page(request, institution, TransferForm(), made=made)
    if act != "remove":
        raise Http404
    services.remove(held, actor=actor_of(member))
    messages.success(request, _("“%(name)s” is removed: its keys open nothing any more.") % {"name": held.name})
    return redirect("transfers")


def _page(
    request: HttpRequest, institution: Institution, form: TransferForm, *, made: services.Made | None = None
) -> HttpResponse:
    place = settings.TRANSFER_ADDRESS
    held = Transfer.objects.filter(institution=institution).prefetch_related("keys").order_by("name", "pk")
    now = clock.now()
    context = {
        "transfers": [(each, [key for key in each.keys.all() if key.opens(now)]) for each in held],
        "form": form,
        "made": made,
        "place": place,
        "lines": _lines(place, made) if made and place else [],
    }
    return render(request, "transfer/list.html", context, status=422 if form.errors else 200)


def _lines(place: tuple[str, int], made: services.Made) -> list[tuple[str, str]]:
    """What is pasted: tool and text."""
    name = made.key.key_name
    return [
        ("BIND 9 (named.conf)", recipes.bind(place=place, key=name, secret=made.secret)),
        ("PowerDNS Recursor (lua-config-file)", recipes.powerdns(place=place, key=name, secret=made.secret)),
    ]


def _manager(request: HttpRequest) -> tuple[Member, Institution]:
    """Raises Http404 for everybody else."""
    member = member_with(request, Capability.TOKENS_MANAGE)
    if member.institution is None:
        raise Http404
    return member, member.institution
