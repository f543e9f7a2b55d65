"""The test suite: the same program on throw-away services that tests/conftest.py starts."""

from iocmarket.settings.throwaway import claim

claim()

from iocmarket.settings.base import *  # noqa: E402, F403

DEBUG = False
SECRET_KEY = "only-for-tests"  # noqa: S105  # protects nothing  # noqa: S105
INDICATOR_ID_KEY = "only-for-tests-too"
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tests of the second factor ask for it; to the others a manager is a manager.
MFA_REQUIRED = "none"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A suite asks more of one address in a minute than a hundred people do; tests of limits set their own.
LIMITS = {"*": "1000000/60"}
# Each worker of the suite has its own database; persistent connections would keep it from being dropped.
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
