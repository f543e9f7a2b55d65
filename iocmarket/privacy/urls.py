"""Paths of the pages about personal data."""

from django.urls import path

from iocmarket.privacy import institution_pages, pages

urlpatterns = [
    path("privacy", pages.privacy, name="privacy"),
    path("account/data", pages.own_data, name="own-data"),
    path("account/data/export", pages.take, name="own-data-export"),
    path("account/data/institution", pages.take_institution, name="institution-export"),
    path("account/data/erase", pages.erase, name="own-data-erase"),
    path("account/data/erased", pages.erased, name="erased"),
    path("members/erasure", institution_pages.own, name="erasure"),
    path("members/institutions/<uuid:public_id>/erase", institution_pages.other, name="institution-erase"),
]
