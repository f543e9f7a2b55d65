"""The page *Share*: paste, look at what every line becomes, share. And taking a statement back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ingestion.submissions.choices import read_choices
from ingestion.submissions.drafts import Draft, InvalidRequest, Sending, from_text
from ingestion.submissions.forms import USUAL, ShareForm
from ingestion.submissions.models import Submission
from ingestion.submissions.planning import REFRESHED, REFUSED, Planned
from ingestion.submissions.reasons import REASONS, SERIOUS, WARNINGS
from ingestion.submissions.services import Outcome, preview, submit
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.accounts.views import member_of
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.services import withdraw as take_back
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

SAMPLE = "185.220.101[.]45\nhxxps://connexion-cas-valbrune[.]top/login\n9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@dataclass(frozen=True, slots=True)
class Line:
    """One item as the table shows it: `kind` is ok, known, warn or bad."""

    item: Planned
    kind: str
    reason: str | Promise
    notes: list[str | Promise]
    tlp: str
    pap: str
    public_id: UUID | None = None


@login_required
@require_http_methods(["GET", "POST"])
def share(request: HttpRequest) -> HttpResponse:
    """Paste → look → share. Without scripts each step is a page; with them the look follows the typing."""
    member = member_of(request)
    if Scope.INDICATORS_WRITE not in viewer_of_member(member).scopes:
        return render(request, "submissions/read_only.html", status=403)
    form = ShareForm(request.POST or None, institutions=_others(member))
    context = {
        "form": form,
        "sample": SAMPLE,
        "tlp_top": TLP.AMBER_STRICT,
        "usual": [(x.value, x.label) for x in ThreatType if x.value in USUAL],
        "unusual": [(x.value, x.label) for x in ThreatType if x.value not in USUAL],
        "others": len(form.institutions),
        "step": 1,
    }
    if request.method == "POST" and form.is_valid():
        context |= _answer(request, member, form)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, _template(request), context, status=status)


def _template(request: HttpRequest) -> str:
    looking = request.method == "POST" and request.POST.get("act") != "share"
    return "submissions/share_lines.html" if looking and getattr(request, "htmx", False) else "submissions/share.html"


def _answer(request: HttpRequest, member: Member, form: ShareForm) -> dict[str, object]:
    if not form.cleaned_data["text"].strip():
        return {}
    viewer = viewer_of_member(member)
    try:
        sending = with_own_markings(from_text(form.cleaned_data["text"], choices=form.choices), request.POST)
        if request.POST.get("act") == "share":
            outcome = submit(sending, viewer=viewer, channel=Submission.Channel.WEB)
            _say(request, outcome)
            return _context(outcome, step=3)
        return _context(preview(sending, viewer=viewer), step=2)
    except InvalidRequest as invalid:
        form.add_error("text", f"{invalid.faults[0].where} {invalid.faults[0].detail}".strip())
    except Refusal as refusal:
        form.add_error(None, refusal.detail)
    return {}


def with_own_markings(sending: Sending, data: Mapping[str, str]) -> Sending:
    """Apply `tlp-<index>` and `pap-<index>`: what was set for one line. Raises Refusal for an unknown label."""
    drafts = tuple(_with_own_marking(draft, data) for draft in sending.drafts)
    return replace(sending, drafts=drafts)


def _with_own_marking(draft: Draft, data: Mapping[str, str]) -> Draft:
    said = {name: data[key] for name in ("tlp", "pap") if data.get(key := f"{name}-{draft.index}")}
    if not said:
        return draft
    return replace(draft, choices=read_choices(said, base=draft.choices, where="", own=True))


def _context(outcome: Outcome, *, step: int) -> dict[str, object]:
    lines = [_line(item, outcome) for item in outcome.items]
    kinds = [line.kind for line in lines]
    return {
        "step": step,
        "outcome": outcome,
        "lines": lines,
        "kept": sum(kind != "bad" for kind in kinds),
        "sums": {kind: kinds.count(kind) for kind in ("ok", "known", "warn", "bad")},
        "review": sum(kind in {"warn", "bad"} for kind in kinds),
    }


def _line(item: Planned, outcome: Outcome) -> Line:
    indicator = outcome.indicators.get(item.digest)
    choices = item.draft.choices
    return Line(
        item=item,
        kind=_kind(item),
        reason=_reason(item),
        notes=[WARNINGS.get(code, code) for code in item.warnings],
        tlp=choices.tlp.slug if "tlp" in choices.explicit else "",
        pap=choices.pap.slug if "pap" in choices.explicit else "",
        public_id=indicator.public_id if indicator else None,
    )


def _kind(item: Planned) -> str:
    if item.status == REFUSED:
        return "bad"
    if SERIOUS.intersection(item.warnings):
        return "warn"
    return "known" if item.status == REFRESHED or item.known else "ok"


def _reason(item: Planned) -> str | Promise:
    if item.refusal is not None:
        return REASONS.get(item.refusal.code, item.refusal.detail)
    if item.known:
        said = ngettext(
            "Shared by %(count)d institution. Yours confirms it and renews its score.",
            "Shared by %(count)d institutions. Yours confirms it and renews its score.",
            item.known,
        )
        return said % {"count": item.known}
    return _("New for you.") if item.status != REFRESHED else _("Once is enough: counted as a confirmation.")


def _say(request: HttpRequest, outcome: Outcome) -> None:
    counts = outcome.counts
    kept = counts["accepted"] + counts["refreshed"]
    if kept:
        said = ngettext("%(count)d indicator shared.", "%(count)d indicators shared.", kept)
        messages.success(request, said % {"count": kept})
    else:
        messages.warning(request, _("Nothing was shared: no line holds an indicator that can be kept."))


def _others(member: Member) -> list[str]:
    found = Institution.objects.filter(state=Institution.State.APPROVED).exclude(members=member)
    return list(found.order_by("name").values_list("name", flat=True))


@login_required
@require_POST
def withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take one own statement back."""
    member = member_of(request)
    viewer = viewer_of_member(member)
    found = Contribution.objects.visible_to(viewer).filter(public_id=public_id, institution_id=viewer.institution_id)
    contribution = found.select_related("indicator").first()
    if contribution is None or Scope.INDICATORS_WRITE not in viewer.scopes:
        raise Http404
    take_back(contribution, viewer=viewer)
    messages.success(request, _("Withdrawn. Every feed learns it within seconds."))
    left = Contribution.objects.visible_to(viewer).filter(indicator=contribution.indicator).exists()
    return redirect("indicator", contribution.indicator.public_id) if left else redirect("home")
