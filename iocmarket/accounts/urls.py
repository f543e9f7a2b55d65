"""Paths of the community's own pages."""

from django.urls import path

from iocmarket.accounts import account_pages, asset_urls, circle_urls, people_urls, views

urlpatterns = [
    *people_urls.urlpatterns,
    path("account", account_pages.account, name="account"),
    path("account/second-factor", account_pages.second_factor_page, name="second-factor"),
    path("account/sessions/end", account_pages.end_session, name="session-end"),
    path("account/sessions/end-others", account_pages.end_other_sessions, name="sessions-end"),
    path("account/tokens", views.tokens, name="tokens"),
    path("account/tokens/<uuid:public_id>/revoke", views.revoke, name="token-revoke"),
]
urlpatterns += [*circle_urls.urlpatterns, *asset_urls.urlpatterns]
