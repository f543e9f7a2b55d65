"""The journal: what was done, by whom, from where. Thin."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import member_of
from iocmarket.audit.asking import NAMES, read_filters, reader_of
from iocmarket.audit.documents import as_csv, as_json
from iocmarket.audit.labels import Reader
from iocmarket.audit.trail import Filters, Page, everything, page_of
from iocmarket.kernel.decision import Refusal
from iocmarket.web.throttles import hold

EXPORT_MAX = 10_000
"""Events in one export; who needs more asks the API, page by page."""
SORTS = {
    "member": gettext_lazy("People"),
    "token": gettext_lazy("Tokens"),
    "institution": gettext_lazy("Institutions"),
    "circle": gettext_lazy("Circles"),
    "asset": gettext_lazy("What institutions own"),
    "submission": gettext_lazy("Submissions"),
    "contribution": gettext_lazy("Statements"),
    "sighting": gettext_lazy("Sightings"),
    "depot": gettext_lazy("Dépôt"),
    "privacy": gettext_lazy("Personal data"),
}
_FORMATS = {"csv": ("text/csv; charset=utf-8", as_csv), "json": ("application/json", as_json)}
_BESIDE = ("cursor", "whose", "format")


@login_required
@never_cache
@require_GET
def journal(request: HttpRequest) -> HttpResponse:
    """A page of the trail, newest first."""
    member = member_of(request)
    reader = _reader(request, member)
    trouble, page = "", Page([], "")
    try:
        page = page_of(_filters(request.GET), reader=reader, cursor=request.GET.get("cursor", ""))
    except Refusal:
        trouble = _("This cannot be asked so: give a day as YYYY-MM-DD, and go on from a page of this list.")
    asked = {name: request.GET[name] for name in (*NAMES, "whose") if request.GET.get(name)}
    context = {
        "page": page,
        "trouble": trouble,
        "asked": asked,
        "sorts": SORTS,
        "people": _people(reader),
        "whole": reader.everything,
        "may_own": member.may(Capability.TRAIL_READ),
        "may_whole": member.may(Capability.COMMUNITY_TRAIL_READ),
        "older": f"?{urlencode({**asked, 'cursor': page.next})}" if page.next else "",
        "query": urlencode(asked),
        "export_max": EXPORT_MAX,
    }
    return render(request, "audit/journal.html", context, status=422 if trouble else 200)


@login_required
@never_cache
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """The same, as a file: `format` is csv or json."""
    member = member_of(request)
    reader = _reader(request, member)
    kind = request.GET.get("format", "csv")
    if kind not in _FORMATS:
        raise Http404
    try:
        filters = _filters(request.GET)
    except Refusal as refusal:
        raise Http404 from refusal
    hold("export", str(member.pk))
    media, write = _FORMATS[kind]
    answer = StreamingHttpResponse(write(everything(filters, reader=reader, most=EXPORT_MAX)), content_type=media)
    answer["Content-Disposition"] = f'attachment; filename="journal.{kind}"'
    return answer


def _filters(query: Mapping[str, str]) -> Filters:
    return read_filters({name: value for name, value in query.items() if value}, beside=_BESIDE)


def _reader(request: HttpRequest, member: Member) -> Reader:
    """Raises Http404 for who may read no trail. An administrator who is no manager reads the whole one alone."""
    whole = request.GET.get("whose") == "community" or not member.may(Capability.TRAIL_READ)
    reader = reader_of(member, whole=whole)
    if reader is None:
        raise Http404
    return reader


def _people(reader: Reader) -> list[Member]:
    """Whose acts can be asked for: those of the own institution."""
    return list(Member.objects.filter(institution=reader.institution_id).order_by("name", "email")[:200])
