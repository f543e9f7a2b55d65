"""The pages of evidence: cases, one case with its archives, and the keys that collectors encrypt to. Thin.

Archives are sent by the script of the page (static/js/evidence.js) to the same tus endpoint that machines use.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ingestion.evidence import archives, hunting
from ingestion.evidence import cases as services
from ingestion.evidence.commands import commands
from ingestion.evidence.forms import CaseForm, GuestForm
from ingestion.evidence.hits import hits_of
from ingestion.evidence.models import Archive, Case, Finding, Guest, PlatformKey
from ingestion.evidence.refusals import OF_UPLOADS, SENTENCES
from ingestion.evidence.working import FAILURES, WAITING
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer, viewer_of_member
from iocmarket.accounts.views import member_of
from iocmarket.audit.services import Actor
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from iocmarket.web.pages import frame_for

SHOWN = 200
"""Cases on the page: the newest."""
HITS = 200
"""Hits on the page; the API tells more."""
ARTEFACTS = 200
"""Artefacts of one archive on the page: those with errors first; the API tells more."""


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def cases(request: HttpRequest) -> HttpResponse:
    """Those that the reader sees, and a new one."""
    viewer = viewer_of(request)
    form = CaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _must_write(viewer)
        try:
            made = services.open_case(title=form.cleaned_data["title"], tlp=form.cleaned_data["tlp"], viewer=viewer)
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
        else:
            return redirect("evidence-case", made.public_id)
    found = [] if request.method == "POST" else services.cases_read(viewer, SHOWN)
    told = [(each, each.archives.exclude(state=Archive.State.SHREDDED).count()) for each in found]
    context = {"cases": told, "form": form, "own": viewer.institution_id}
    return render(request, "evidence/cases.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_GET
def case(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One case: send archives to it, and see how they fare."""
    viewer = viewer_of(request)
    found = services.case_read(public_id, viewer)
    if found is None:
        raise Http404
    held = list(found.archives.order_by("-pk"))
    context = {
        "case": found,
        "own": found.institution_id == viewer.institution_id and Scope.EVIDENCE_WRITE in viewer.scopes,
        "shares": found.institution_id == viewer.institution_id
        and {Scope.EVIDENCE_WRITE, Scope.INDICATORS_WRITE} <= set(viewer.scopes),
        "archives": [
            (one, FAILURES.get(one.failure, one.failure), one.artefacts.order_by("-error_count", "number")[:ARTEFACTS])
            for one in held
        ],
        "findings": list(hunting.of_case(found)),
        "hits": hits_of(held, viewer, HITS),
        "guests": found.guests.select_related("member__institution").order_by("pk"),
        "custody": found.custody.select_related("archive", "member").order_by("position"),
        "form": GuestForm(),
        "api": settings.PUBLIC_URL + reverse("api-evidence-put", args=["x"])[:-1],
        "most": settings.EVIDENCE_MAX_BYTES,
        "refusals": {code: str(SENTENCES[code]) for code in OF_UPLOADS},
        "waits": any(one.state in WAITING for one in held),
    }
    return render(request, "evidence/case.html", context)


@login_required
@require_POST
def act(request: HttpRequest, public_id: UUID, act: str) -> HttpResponse:
    """Let a guest in or out, shred an archive: for the institution of the case alone."""
    viewer = viewer_of(request)
    _must_write(viewer)
    own = get_object_or_404(Case.objects.owned_by(viewer), public_id=public_id)
    if act == "invite":
        _invite(request, own, viewer)
    elif act == "part":
        guest = get_object_or_404(Guest.objects.select_related("case"), case=own, public_id=_id(request, "guest"))
        services.part(guest, viewer=viewer)
        messages.success(request, _("The guest reads this case no more."))
    elif act == "shred":
        archive = get_object_or_404(Archive, case=own, public_id=_id(request, "archive"))
        archives.shred(archive, actor=Actor.of(viewer))
        messages.success(request, _("The archive and all that was made of it are shredded."))
    elif act in {"confirm", "dismiss"}:
        finding = get_object_or_404(Finding, archive__case=own, public_id=_id(request, "finding"))
        state = Finding.State.CONFIRMED if act == "confirm" else Finding.State.DISMISSED
        hunting.decide(finding, state, viewer=viewer)
        messages.success(request, _("What you say of the finding is kept."))
    else:
        raise Http404
    return redirect("evidence-case", public_id)


@require_GET
def keys(request: HttpRequest) -> HttpResponse:
    """To whom collectors encrypt: for everybody, since a collector is built where nobody is logged in."""
    key = PlatformKey.objects.order_by("-created_at", "-pk").first()
    context = {
        "frame": frame_for(request), "key": key, "commands": commands(key, settings.PUBLIC_URL) if key else [],
    }  # fmt: skip
    return render(request, "evidence/keys.html", context)


def _invite(request: HttpRequest, own: Case, viewer: Viewer) -> None:
    form = GuestForm(request.POST)
    try:
        guest = services.invite(own, form.cleaned_data["member"] if form.is_valid() else "", viewer=viewer)
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
    else:
        messages.success(request, _("%(name)s may read this case now.") % {"name": guest.member})


def viewer_of(request: HttpRequest) -> Viewer:
    """The reader. Raises Http404 for somebody whose role has nothing to do with evidence."""
    viewer = viewer_of_member(member_of(request))
    if Scope.EVIDENCE_READ not in viewer.scopes:
        raise Http404
    return viewer


def _must_write(viewer: Viewer) -> None:
    if Scope.EVIDENCE_WRITE not in viewer.scopes:
        raise Http404


def _id(request: HttpRequest, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError as error:
        raise Http404 from error
