"""The page on which the records of a case are searched and taken along. Thin: searching.py finds them."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ingestion.evidence import reading
from ingestion.evidence.admitting import Admitted
from ingestion.evidence.archives import records_read
from ingestion.evidence.downloads import FORMS
from ingestion.evidence.logons import logons_of
from ingestion.evidence.models import Archive, Case
from ingestion.evidence.pages import viewer_of
from ingestion.evidence.searching import NAMES, Found, Wanted, search
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of

LOGONS = 20
"""Sources and types on the page: the most frequent; the API tells more."""


@login_required
@never_cache
@require_GET
def records(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Of one archive of the case, the newest unless another is named."""
    viewer = viewer_of(request)
    case = Case.objects.visible_to(viewer).filter(public_id=public_id).first()
    if case is None:
        raise Http404
    done = list(case.archives.filter(state=Archive.State.DONE).order_by("-pk"))
    chosen = _chosen(request.GET.get("archive", ""), done)
    archive = records_read(chosen.public_id, viewer) if chosen else None
    asked = {name: request.GET.get(name, "") for name in NAMES}
    logons = logons_of(archive) if archive is not None else []
    found, trouble, datasets = Found([]), "", {}
    if archive is not None:
        admitted = Admitted.of(archive, viewer)
        datasets = reading.counted(archive, admitted)
        try:
            found = search(archive, Wanted.read({**asked, "after": request.GET.get("after", "")}), admitted)
        except Refusal as refusal:
            trouble = str(sentence_of(refusal))
    context = {
        "case": case, "archives": done, "archive": archive, "asked": asked, "trouble": trouble,
        "records": [_told(one) for one in found.records], "forms": list(FORMS),
        "datasets": datasets, "logons": logons[:LOGONS],
        "next": urlencode({"archive": archive.public_id, **asked, "after": found.next})
        if archive and found.next
        else "",
    }  # fmt: skip
    return render(request, "evidence/records.html", context, status=422 if trouble else 200)


def _chosen(named: str, done: list[Archive]) -> Archive | None:
    """Raises Http404 for one that is none of these."""
    if not named:
        return done[0] if done else None
    found = next((each for each in done if str(each.public_id) == named), None)
    if found is None:
        raise Http404
    return found


def _told(record: dict[str, object]) -> dict[str, object]:
    """By names that a template can say."""
    return {
        "at": record.get("@timestamp", ""), "means": record.get("timestamp_desc", ""),
        "dataset": record["event.dataset"], "message": record.get("message", ""),
        "path": record["iocmarket.artifact_path"], "place": record["iocmarket.offset_or_record"],
        "fields": sorted((name, value) for name, value in record.items() if not name.startswith("iocmarket.")),
    }  # fmt: skip
