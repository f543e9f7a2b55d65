"""Paths of the mailbox."""

from django.urls import path

from ingestion.mailbox import pages

urlpatterns = [
    path("account/tokens/mail", pages.mail_keys, name="token-mail"),
    path("account/tokens/mail/<uuid:public_id>/revoke", pages.revoke, name="token-mail-revoke"),
]
