"""Paths of submissions: API and pages."""

from django.urls import path

from ingestion.submissions import amending, api, pages, review_pages, taking_back

urlpatterns = [
    path("share", pages.share, name="share"),
    path("share/<uuid:public_id>", pages.shared, name="shared"),
    path("share/<uuid:public_id>/progress", pages.progress, name="share-progress"),
    path("community/submissions", review_pages.review, name="review"),
    path("community/submissions/<uuid:public_id>", review_pages.decide, name="review-decide"),
    path("share/<uuid:public_id>/withdraw", taking_back.withdraw_submission, name="withdraw-submission"),
    path("contributions/<uuid:public_id>/withdraw", taking_back.withdraw, name="withdraw"),
    path("api/v1/submissions", api.Submissions.as_view(), name="api-submissions"),
    path("api/v1/submissions/<uuid:public_id>", api.SubmissionDetail.as_view(), name="api-submission"),
    path("api/v1/submissions/<uuid:public_id>/items", api.SubmissionItems.as_view(), name="api-submission-items"),
    path("api/v1/contributions/<uuid:public_id>", amending.ContributionDetail.as_view(), name="api-contribution"),
]
