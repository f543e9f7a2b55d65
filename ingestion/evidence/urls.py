"""Paths of evidence."""

from django.urls import path

from ingestion.evidence import (
    api,
    api_findings,
    pages,
    proposals_api,
    proposals_pages,
    records_api,
    records_pages,
    tus,
)  # fmt: skip

_API = "api/v1/evidence"

urlpatterns = [
    path("evidence", pages.cases, name="evidence"),
    path("evidence/keys", pages.keys, name="evidence-keys"),
    path("evidence/<uuid:public_id>", pages.case, name="evidence-case"),
    path("evidence/<uuid:public_id>/records", records_pages.records, name="evidence-records"),
    path("evidence/<uuid:public_id>/propose", proposals_pages.propose, name="evidence-propose"),
    path("evidence/<uuid:public_id>/<slug:act>", pages.act, name="evidence-act"),
    path(f"{_API}/cases", api.Cases.as_view(), name="api-evidence-cases"),
    path(f"{_API}/cases/<uuid:public_id>", api.OneCase.as_view(), name="api-evidence-case"),
    path(f"{_API}/cases/<uuid:public_id>/guests", api.Guests.as_view(), name="api-evidence-guests"),
    path(f"{_API}/cases/<uuid:public_id>/guests/<uuid:guest_id>", api.OneGuest.as_view(), name="api-evidence-guest"),
    path(f"{_API}/uploads", tus.Uploads.as_view(), name="api-evidence-uploads"),
    path(f"{_API}/uploads/<uuid:public_id>", tus.OneUpload.as_view(), name="api-evidence-upload"),
    path(f"{_API}/archives/<uuid:public_id>", api.OneArchive.as_view(), name="api-evidence-archive"),
    path(f"{_API}/archives/<uuid:public_id>/records", records_api.Records.as_view(), name="api-evidence-records"),
    path(
        f"{_API}/archives/<uuid:public_id>/download.<str:form>",
        records_api.Download.as_view(),
        name="api-evidence-download",
    ),
    path(f"{_API}/archives/<uuid:public_id>/findings", api_findings.Findings.as_view(), name="api-evidence-findings"),
    path(
        f"{_API}/archives/<uuid:public_id>/findings/<uuid:finding_id>",
        api_findings.OneFinding.as_view(),
        name="api-evidence-finding",
    ),
    path(f"{_API}/archives/<uuid:public_id>/hits", api.Hits.as_view(), name="api-evidence-hits"),
    path(
        f"{_API}/archives/<uuid:public_id>/proposals", proposals_api.Proposals.as_view(), name="api-evidence-proposals"
    ),
    path(f"{_API}/archives/<uuid:public_id>/share", proposals_api.Share.as_view(), name="api-evidence-share"),
    path(f"{_API}/archives/<str:filename>", api.NewArchive.as_view(), name="api-evidence-put"),
]
