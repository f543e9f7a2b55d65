"""Paths of the pages about warning lists."""

from django.urls import path

from iocmarket.listed import pages

urlpatterns = [
    path("community/warning-lists", pages.lists, name="warning-lists"),
    path("community/warning-lists/choices", pages.choice, name="warning-list-choice"),
    path("community/warning-lists/exceptions", pages.exemption, name="warning-list-exception"),
]
