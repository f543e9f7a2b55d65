"""The shell's own paths."""

from django.urls import path

from iocmarket.web import views

urlpatterns = [path("preferences/<slug:name>", views.preference, name="preference")]
