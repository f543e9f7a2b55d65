"""A server: everything comes from the environment, nothing has a default that could be forgotten."""

from iocmarket.settings.base import *  # noqa: F403
from iocmarket.settings.base import ENV
from iocmarket.settings.env import require_production

require_production()

DEBUG = False
SECRET_KEY = ENV.secret_key
INDICATOR_ID_KEY = ENV.indicator_id_key
ALLOWED_HOSTS = list(ENV.allowed_hosts)
CSRF_TRUSTED_ORIGINS = [ENV.public_url]
SECURE_SSL_REDIRECT = True
# Probes of the container's own network speak plain HTTP and carry nothing.
SECURE_REDIRECT_EXEMPT = ["^healthz/?$", "^readyz/?$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# The prefix is a promise that browsers keep: no other host, and no page without TLS, can have set the cookie.
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
