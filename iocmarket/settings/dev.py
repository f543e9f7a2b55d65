"""A laptop: `make run`. Keys are made once and kept in DATA_DIR, so that no secret is written in the source."""

from iocmarket.settings.base import *  # noqa: F403
from iocmarket.settings.base import ENV
from iocmarket.settings.keys import kept_key

DEBUG = False
SECRET_KEY = ENV.secret_key or kept_key(ENV.data_dir, "secret_key")
INDICATOR_ID_KEY = ENV.indicator_id_key or kept_key(ENV.data_dir, "indicator_id_key")
ALLOWED_HOSTS = list(ENV.allowed_hosts) or ["127.0.0.1", "localhost", "[::1]"]
# A visitor of the demonstration community gets in with the password on the screen; the log-in page says so (ADR 40).
MFA_REQUIRED = ENV.mfa_required or ("none" if ENV.demonstration else "managers")
