"""Paths of vetting: pages and API."""

from django.urls import path

from iocmarket.vetting import api, charter_pages, queue_pages, vouching_pages, waiting_pages

urlpatterns = [
    path("account/waiting", waiting_pages.waiting, name="waiting"),
    path("account/waiting/questions/<uuid:public_id>", waiting_pages.answer, name="question-answer"),
    path("members/applications", queue_pages.applications, name="applications"),
    path("members/applications/rules", queue_pages.rules, name="vetting-rules"),
    path("members/applications/<uuid:public_id>", queue_pages.decide, name="application-decide"),
    path("members/candidates", vouching_pages.candidates, name="candidates"),
    path("members/candidates/<uuid:public_id>/vouch", vouching_pages.give, name="candidate-vouch"),
    path("members/candidates/<uuid:public_id>/withdraw", vouching_pages.take_back, name="candidate-withdraw"),
    path("charter", charter_pages.charter, name="charter"),
    path("account/charter", charter_pages.accept, name="charter-accept"),
    path("members/charter", charter_pages.publish, name="charter-publish"),
    path("charter/<int:version>", charter_pages.charter, name="charter-version"),
    path("api/v1/institutions/applications", api.Applications.as_view(), name="api-applications"),
    path("api/v1/institutions/applications/<uuid:public_id>", api.Decision.as_view(), name="api-application"),
]
