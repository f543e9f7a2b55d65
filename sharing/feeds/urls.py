"""Paths of feeds."""

from django.urls import path

from sharing.feeds import api

urlpatterns = [path("feeds/<str:name>", api.FeedView.as_view(), name="feed")]
