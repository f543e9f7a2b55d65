"""Paths of log-in through providers. `socialaccount_*` are names that django-allauth asks for."""

from django.urls import path

from iocmarket.accounts.closed import not_offered
from iocmarket.sso import again, apply_pages, member_pages, views

urlpatterns = [
    path("accounts/sso/", views.choose, name="sso-choose"),
    path("accounts/sso/to/<slug:slug>", views.begin, name="sso-login"),
    path("accounts/sso/apply", apply_pages.apply, name="sso-apply"),
    path("accounts/sso/again", again.again, name="sso-again"),
    path("accounts/sso/oidc/<slug:slug>/callback", views.oidc_callback, name="sso-oidc-callback"),
    path("accounts/sso/saml/acs", views.saml_acs, name="sso-saml-acs"),
    path("accounts/sso/saml/finish", views.saml_finish, name="sso-saml-finish"),
    path("accounts/sso/saml/metadata", views.saml_metadata, name="sso-saml-metadata"),
    path("accounts/sso/signup", not_offered, name="socialaccount_signup"),
    path("account/connections", member_pages.connections, name="socialaccount_connections"),
    path("account/connections/undo", member_pages.disconnect, name="sso-disconnect"),
]
