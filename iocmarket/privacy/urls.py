"""Paths of the pages about personal data."""

from django.urls import path

from iocmarket.privacy import pages

urlpatterns = [
    path("privacy", pages.privacy, name="privacy"),
    path("account/data", pages.own_data, name="own-data"),
    path("account/data/export", pages.take, name="own-data-export"),
    path("account/data/institution", pages.take_institution, name="institution-export"),
    path("account/data/erase", pages.erase, name="own-data-erase"),
    path("account/data/erased", pages.erased, name="erased"),
]
