"""What every way of running the program shares."""

from __future__ import annotations

from iocmarket import embedded
from iocmarket.settings.env import PROJECT, Env, broker_from, database_from, evidence_storage_from, mail_from
from iocmarket.settings.federation import *  # noqa: F403
from iocmarket.settings.login import *  # noqa: F403

ENV = Env.read()
_EMBEDDED = embedded.urls(ENV.data_dir)

BASE_DIR = PROJECT
# Peers whose X-Forwarded-* headers are believed (iocmarket/web/client.py).
TRUSTED_PROXIES = ENV.trusted_proxies
# Hosts inside our own network that outbound requests may reach (iocmarket/outbound).
OUTBOUND_ALLOWED = ENV.outbound_allowed
# Who is asked for what institutions publish in their DNS (accounts/asset_dns.py); the machine's own when empty.
DNS_RESOLVERS = list(ENV.dns_resolvers)
# What each sender may do in a time: iocmarket/web/throttles.py holds the defaults, LIMIT_* variables replace them.
LIMITS = ENV.limits
DATA_DIR = ENV.data_dir
PUBLIC_URL = ENV.public_url
COMMUNITY_NAME = ENV.community_name
IPDATA_MMDB_ASN = ENV.ipdata_mmdb_asn
IPDATA_MMDB_COUNTRY = ENV.ipdata_mmdb_country

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "iocmarket.web",
    "iocmarket.api",
    "iocmarket.accounts",
    "iocmarket.audit",
    "iocmarket.sso",
    "iocmarket.vetting",
    "iocmarket.indicators",
    "iocmarket.listed",
    "iocmarket.publication",
    "iocmarket.privacy",
    "ingestion.submissions",
    "ingestion.sightings",
    "ingestion.stolen",
    "ingestion.enrichment",
    "ingestion.mailbox",
    "ingestion.subscriptions",
    "ingestion.evidence",
    "ingestion.demonstration",
    "sharing.search",
    "sharing.feeds",
    "sharing.profiles",
    "sharing.transfer",
    "sharing.taxii",
    "sharing.push",
    "sharing.misp",
    "sharing.news",
]

MIDDLEWARE = [
    "iocmarket.web.middleware.proxies.ProxiesOnly",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "iocmarket.audit.origin.OriginOfActs",
    "iocmarket.web.middleware.headers.PageHeaders",
    "sharing.misp.paths.MispPaths",
    "iocmarket.web.middleware.slashes.EitherSlash",
    "iocmarket.web.middleware.language.ReaderLanguage",
    "iocmarket.web.middleware.machines.MachineLane",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "iocmarket.accounts.languages.MemberLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "iocmarket.accounts.middleware.ApprovedMembersOnly",
    "iocmarket.accounts.second_factor.SecondFactorFirst",
    "iocmarket.accounts.reauthentication.FreshLogin",
    "iocmarket.accounts.read_only.ReadOnlyInstitutions",
    "iocmarket.vetting.middleware.CharterAccepted",
    "iocmarket.web.middleware.limits.TooManyRequests",
]

ROOT_URLCONF = "iocmarket.urls"
WSGI_APPLICATION = "iocmarket.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PROJECT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "iocmarket.web.context.shell",
            ],
        },
    },
]

DATABASES = {"default": database_from(ENV.database_url or _EMBEDDED.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = ENV.redis_url or _EMBEDDED.redis
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = broker_from(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A message is a hint and the database row is the truth: publishing a hint gives up at once when the broker is away.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 0}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

globals().update(mail_from(ENV.email_url))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.from_email
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "iocmarket.web.views.csrf_failure"

FORM_RENDERER = "iocmarket.web.forms.HouseRenderer"

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [PROJECT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [PROJECT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "evidence": evidence_storage_from(ENV.evidence_storage_url, ENV.evidence_dir),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# The largest body that a synchronous submission may have (bytes): five hundred items of the longest value fit.
SUBMISSION_MAX_BYTES = 8 * 1024 * 1024
SUBMISSION_MAX_ITEMS = 500
DATA_UPLOAD_MAX_MEMORY_SIZE = SUBMISSION_MAX_BYTES
# Above five hundred items a submission is taken by the worker in parts; no submission may be larger than this.
BULK_MAX_BYTES = 64 * 1024 * 1024
BULK_MAX_ITEMS = 100_000
FILE_UPLOAD_HANDLERS = ["iocmarket.api.uploads.BoundedUpload"]
# Free text up to this is read at once (about a second); longer text waits for the worker.
BULK_READ_AT_ONCE = 512 * 1024
# Back-pressure: what may wait before senders are asked to come back later (docs/operations.md).
BULK_WAITING_PER_INSTITUTION = ENV.bulk_waiting_per_institution
BULK_WAITING = ENV.bulk_waiting
OUTBOX_WAITING = ENV.outbox_waiting
# Days after which the raw input of a submission is replaced by its hash (domain.md, Personal data).
RAW_INPUT_DAYS = ENV.raw_input_days
# How often institutions confirm contacts and assets (0: never), and for how long those who are late may only read.
CONFIRMATION_DAYS = ENV.confirmation_days
CONFIRMATION_GRACE_DAYS = ENV.confirmation_grace_days
# What one institution may keep in Dépôt: versions of objects, and their bytes.
DEPOT_MAX_OBJECTS = ENV.depot_max_objects
DEPOT_MAX_BYTES = ENV.depot_max_bytes
# Evidence (docs/operations.md): where drafts and results lie, where the evidence worker alone keeps the private keys,
# the largest archive and what all archives of one institution may take (bytes), and for how long both stay.
EVIDENCE_DIR = ENV.evidence_dir
EVIDENCE_SIGMA_DIR = ENV.evidence_sigma_dir
EVIDENCE_KEYS_DIR = ENV.evidence_keys_dir
EVIDENCE_MAX_BYTES = ENV.evidence_max_bytes
EVIDENCE_QUOTA_BYTES = ENV.evidence_quota_bytes
EVIDENCE_UPLOAD_HOURS = ENV.evidence_upload_hours
EVIDENCE_DAYS = ENV.evidence_days
# Where people forward mails to, and how these come in (docs/operations.md, Mailbox); off while there is no address.
MAILBOX_ADDRESS = ENV.mailbox_address
MAILBOX_LISTEN = ENV.mailbox_listen
MAILBOX_IMAP_URL = ENV.mailbox_imap_url
# Where the name server for transfers of the response policy zone listens, and where its subscribers reach it; off while
# there is no place (docs/operations.md, Transfer).
TRANSFER_LISTEN = ENV.transfer_listen
TRANSFER_ADDRESS = ENV.transfer_address
# Scores below this leave the block feeds, and the moment of crossing it is an entry's `valid_until`.
SCORE_THRESHOLD = 30

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "iocmarket.accounts.authentication.TokenAuthentication",
        "iocmarket.accounts.authentication.MemberSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["iocmarket.accounts.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["iocmarket.web.throttles.BySender"],
    "DEFAULT_RENDERER_CLASSES": ["iocmarket.api.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["iocmarket.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "iocmarket.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    # `?format=` is a parameter like any other: an unknown one is named, not answered with 404.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "IOC market",
    "DESCRIPTION": "Share indicators of compromise with TLP and PAP enforced.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "SightingKindEnum": ["seen", "false-positive", "expired"],
        "StateEnum": ["live", "expired"],
        "TlpCeilingEnum": ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT"],
        "ArchiveStateEnum": ["received", "processing", "done", "failed", "shredded"],
        "FindingStateEnum": ["proposed", "confirmed", "dismissed"],
        "HookKindEnum": ["webhook", "bulk"],
        "HookStateEnum": ["active", "paused", "stopped"],
        "HookStateWishEnum": ["active", "paused"],
        "DeliveryStateEnum": ["waiting", "delivered", "dead"],
        "AssetKindEnum": "iocmarket.accounts.asset_api.KINDS",
        "AssetStateEnum": "iocmarket.accounts.asset_api.STATES",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "iocmarket.web.redaction.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Celery announces each hint thrice (sent, received, done), and a heartbeat is sent every ten seconds.
    "loggers": {name: {"level": "WARNING"} for name in ("celery.beat", "celery.worker.strategy", "celery.app.trace")},
}
