"""Paths of the community's own pages."""

from django.urls import path

from iocmarket.accounts import (
    account_pages,
    asset_urls,
    circle_urls,
    partner_pages,
    people_urls,
    token_pages,
    tokens_api,
)

urlpatterns = [
    *people_urls.urlpatterns,
    path("account", account_pages.account, name="account"),
    path("account/second-factor", account_pages.second_factor_page, name="second-factor"),
    path("account/sessions/end", account_pages.end_session, name="session-end"),
    path("account/sessions/end-others", account_pages.end_other_sessions, name="sessions-end"),
    path("account/tokens", token_pages.tokens, name="tokens"),
    path("account/tokens/feed-keys", token_pages.feed_key, name="token-feed-key"),
    path("account/tokens/<uuid:public_id>/rotate", token_pages.rotate, name="token-rotate"),
    path("account/tokens/<uuid:public_id>/revoke", token_pages.revoke, name="token-revoke"),
    path("api/v1/tokens", tokens_api.Tokens.as_view(), name="api-tokens"),
    path("api/v1/tokens/<uuid:public_id>", tokens_api.OneToken.as_view(), name="api-token"),
    path("api/v1/tokens/<uuid:public_id>/rotate", tokens_api.Rotation.as_view(), name="api-token-rotate"),
    path("community/partners", partner_pages.partners, name="partners"),
    path("community/partners/switches", partner_pages.switches, name="partner-switches"),
    path("community/partners/<uuid:public_id>", partner_pages.partner, name="partner"),
    path("community/partners/<uuid:public_id>/agreement", partner_pages.agreement, name="partner-agreement"),
    path("community/partners/<uuid:public_id>/end", partner_pages.end, name="partner-end"),
    path("community/partners/<uuid:public_id>/tokens", partner_pages.token, name="partner-token"),
    path(
        "community/partners/<uuid:public_id>/tokens/<uuid:token_id>/rotate",
        partner_pages.rotate,
        name="partner-token-rotate",
    ),
    path(
        "community/partners/<uuid:public_id>/tokens/<uuid:token_id>/revoke",
        partner_pages.revoke,
        name="partner-token-revoke",
    ),
]
urlpatterns += [*circle_urls.urlpatterns, *asset_urls.urlpatterns]
