"""Log-in: passwords, confirmed addresses, second factors, limits. base.py takes all of it (ADR 40)."""

from __future__ import annotations

from iocmarket.settings.env import Env

_ENV = Env.read()

# Earlier keys of the server: they read, and write nothing.
SECRET_KEY_FALLBACKS = list(_ENV.secret_key_fallbacks)
AUTH_USER_MODEL = "accounts.Member"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# The first one makes new hashes; the others read old ones, which are made anew at the next log-in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# All of them work without asking anybody outside.
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "iocmarket.accounts.passwords.NotPredictable"},
]

ACCOUNT_ADAPTER = "iocmarket.accounts.adapter.MemberAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "iocmarket.vetting.forms.ApplicationForm"
ACCOUNT_FORMS = {"reset_password": "iocmarket.accounts.resetting.ForgottenForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
# Seconds for which a proof of identity is good for sensitive acts, and a half-done log-in may be finished.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_LOGIN_TIMEOUT = 600
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Passwords and codes alike: each address, each account in the short and in the long run. A code of six digits has
# then one chance in twenty thousand a day, for somebody who has the password already.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key,50/d/key",
    "login": "30/m/ip",
    "reset_password": "10/m/ip,5/h/key",
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

# Who needs a second factor: `managers` (and administrators) or `all`; `none` is for demonstrations.
MFA_REQUIRED = _ENV.mfa_required or "managers"
MFA_ADAPTER = "iocmarket.accounts.mfa_adapter.MemberMFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# One step of thirty seconds before and after: clocks of telephones differ.
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = _ENV.community_name
MFA_FORMS = {
    "authenticate": "iocmarket.accounts.mfa_forms.CodeForm",
    "reauthenticate": "iocmarket.accounts.mfa_forms.CodeAgainForm",
    "activate_totp": "iocmarket.accounts.mfa_forms.FirstCodeForm",
    "add_webauthn": "iocmarket.accounts.mfa_forms.PasskeyForm",
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
