"""Log-in through an education federation (docs/federation.md). base.py takes all of it."""

from __future__ import annotations

from pathlib import Path

from iocmarket.settings.env import Env

_ENV = Env.read()

# JSON; iocmarket/sso/config.py reads it and stops the start when it cannot.
FEDERATION = _ENV.federation or (Path(_ENV.federation_file).read_text() if _ENV.federation_file else "")

SOCIALACCOUNT_ADAPTER = "iocmarket.sso.adapter.FederationAdapter"
# Never: an address opens no account, whoever says that it is verified.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
