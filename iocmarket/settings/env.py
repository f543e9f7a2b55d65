"""The environment, read once and typed. Every variable is described in docs/operations.md."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PROJECT = Path(__file__).resolve().parent.parent.parent
DNS_PORT = 53
REQUIRED_IN_PRODUCTION = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "INDICATOR_ID_KEY",
    "ALLOWED_HOSTS",
    "PUBLIC_URL",
    "EMAIL_URL",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Env:
    """What the operator decides. An empty `database_url` or `redis_url` means the embedded services."""

    data_dir: Path
    database_url: str
    redis_url: str
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    indicator_id_key: str
    allowed_hosts: tuple[str, ...]
    public_url: str
    community_name: str
    ipdata_mmdb_asn: str
    ipdata_mmdb_country: str
    bulk_waiting_per_institution: int
    bulk_waiting: int
    outbox_waiting: int
    raw_input_days: int
    confirmation_days: int
    confirmation_grace_days: int
    trusted_proxies: tuple[str, ...]
    outbound_allowed: tuple[str, ...]
    dns_resolvers: tuple[tuple[str, int], ...]
    transfer_listen: tuple[str, int] | None
    transfer_address: tuple[str, int] | None
    limits: Mapping[str, str]
    depot_max_objects: int
    depot_max_bytes: int
    mailbox_address: str
    mailbox_listen: str
    mailbox_imap_url: str
    evidence_storage_url: str
    evidence_dir: Path
    evidence_keys_dir: Path
    evidence_sigma_dir: Path
    evidence_max_bytes: int
    evidence_quota_bytes: int
    evidence_upload_hours: int
    evidence_days: int
    email_url: str
    from_email: str
    mfa_required: str
    demonstration: bool
    federation: str
    federation_file: str

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Env:
        """Read every variable, with the defaults of a laptop."""
        port = environ.get("PORT", "8000")
        public_url = (environ.get("PUBLIC_URL") or f"http://127.0.0.1:{port}").rstrip("/")
        data_dir = Path(environ.get("DATA_DIR") or PROJECT / "var").resolve()
        return cls(
            data_dir=data_dir,
            database_url=environ.get("DATABASE_URL", ""),
            redis_url=environ.get("REDIS_URL", ""),
            secret_key=environ.get("SECRET_KEY", ""),
            secret_key_fallbacks=tuple(key for key in environ.get("SECRET_KEY_FALLBACKS", "").split(",") if key),
            indicator_id_key=environ.get("INDICATOR_ID_KEY", ""),
            allowed_hosts=tuple(host for host in environ.get("ALLOWED_HOSTS", "").split(",") if host),
            public_url=public_url,
            community_name=environ.get("COMMUNITY_NAME", "Place de marché IOC"),
            ipdata_mmdb_asn=environ.get("IPDATA_MMDB_ASN", ""),
            ipdata_mmdb_country=environ.get("IPDATA_MMDB_COUNTRY", ""),
            bulk_waiting_per_institution=_number(environ, "BULK_WAITING_PER_INSTITUTION", 300_000),
            bulk_waiting=_number(environ, "BULK_WAITING", 1_000_000),
            outbox_waiting=_number(environ, "OUTBOX_WAITING", 1_000_000),
            raw_input_days=_number(environ, "RAW_INPUT_DAYS", 30),
            confirmation_days=_number(environ, "CONFIRMATION_DAYS", 365),
            confirmation_grace_days=_number(environ, "CONFIRMATION_GRACE_DAYS", 30),
            trusted_proxies=_networks(environ, "TRUSTED_PROXIES", "127.0.0.1,::1,unix"),
            outbound_allowed=tuple(host for host in environ.get("OUTBOUND_ALLOWED", "").lower().split(",") if host),
            dns_resolvers=_resolvers(environ, "DNS_RESOLVERS"),
            transfer_listen=_place(environ, "TRANSFER_LISTEN"),
            transfer_address=_place(environ, "TRANSFER_ADDRESS") or _place(environ, "TRANSFER_LISTEN"),
            limits={name: value for name, value in environ.items() if name.startswith("LIMIT_")},
            depot_max_objects=_number(environ, "DEPOT_MAX_OBJECTS", 1_000_000),
            depot_max_bytes=_number(environ, "DEPOT_MAX_BYTES", 2 * 1024**3),
            mailbox_address=environ.get("MAILBOX_ADDRESS", "").strip().lower(),
            mailbox_listen=environ.get("MAILBOX_LISTEN", ""),
            mailbox_imap_url=environ.get("MAILBOX_IMAP_URL", ""),
            evidence_storage_url=environ.get("EVIDENCE_STORAGE_URL", ""),
            evidence_dir=Path(environ.get("EVIDENCE_DIR") or data_dir / "evidence").resolve(),
            evidence_keys_dir=Path(environ.get("EVIDENCE_KEYS_DIR") or data_dir / "evidence-keys").resolve(),
            evidence_sigma_dir=Path(environ.get("EVIDENCE_SIGMA_DIR") or data_dir / "sigma").resolve(),
            evidence_max_bytes=_number(environ, "EVIDENCE_MAX_BYTES", 20 * 1024**3),
            evidence_quota_bytes=_number(environ, "EVIDENCE_QUOTA_BYTES", 50 * 1024**3),
            evidence_upload_hours=_number(environ, "EVIDENCE_UPLOAD_HOURS", 24),
            evidence_days=_number(environ, "EVIDENCE_DAYS", 180),
            email_url=environ.get("EMAIL_URL", ""),
            federation=environ.get("FEDERATION", ""),
            federation_file=environ.get("FEDERATION_FILE", ""),
            from_email=environ.get("DEFAULT_FROM_EMAIL") or f"iocmarket@{urlsplit(public_url).hostname}",
            mfa_required=_one_of(environ, "MFA_REQUIRED", ("managers", "all", "none")),
            demonstration=environ.get("DEMO", "1") != "0",
        )


def _place(environ: Mapping[str, str], name: str) -> tuple[str, int] | None:
    """One address and port, written like those of DNS servers; nothing or `-` for none. Raises ImproperlyConfigured."""
    found = _resolvers(environ, name) if environ.get(name) != "-" else ()
    if len(found) > 1:
        raise ImproperlyConfigured(f"{name} is one address and its port")
    return found[0] if found else None


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    """A whole number. Raises ImproperlyConfigured for anything else."""
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit():
        raise ImproperlyConfigured(f"{name} is a whole number, not {text!r}")
    return int(text)


def _networks(environ: Mapping[str, str], name: str, default: str) -> tuple[str, ...]:
    """Addresses, networks and `unix`, separated by commas; empty means none. Raises ImproperlyConfigured."""
    found = tuple(part.strip() for part in environ.get(name, default).split(",") if part.strip())
    for part in found:
        try:
            part == "unix" or ip_network(part, strict=False)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {error}") from error
    return found


def _one_of(environ: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    """One of the words, or nothing. Raises ImproperlyConfigured for anything else."""
    said = environ.get(name, "")
    if said and said not in words:
        raise ImproperlyConfigured(f"{name} is one of {', '.join(words)}, not {said!r}")
    return said


def _resolvers(environ: Mapping[str, str], name: str) -> tuple[tuple[str, int], ...]:
    """Addresses of DNS servers, `9.9.9.9`, `127.0.0.1:5353` or `[::1]:5353`, separated by commas; empty means none.

    Raises ImproperlyConfigured for anything else, names included: who would look them up?
    """
    found = []
    for part in (part.strip() for part in environ.get(name, "").split(",")):
        if not part:
            continue
        bare = part.count(":") > 1 and not part.startswith("[")
        parts = urlsplit(f"//[{part}]" if bare else f"//{part}")
        try:
            found.append((str(ip_address(parts.hostname or "")), parts.port or DNS_PORT))
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {error}") from error
    return tuple(found)


def require_production(environ: Mapping[str, str] = os.environ) -> None:
    """Name every missing variable at once: an operator corrects them in one go. Raises ImproperlyConfigured."""
    missing = [name for name in REQUIRED_IN_PRODUCTION if not environ.get(name)]
    if missing:
        raise ImproperlyConfigured("Set these environment variables (docs/operations.md): " + ", ".join(missing))
    if len(environ["SECRET_KEY"]) < 50 or len(set(environ["SECRET_KEY"])) < 8:
        raise ImproperlyConfigured("SECRET_KEY has fifty random characters or more, for example `openssl rand -hex 40`")
    if len(environ["INDICATOR_ID_KEY"]) < 16 or len(set(environ["INDICATOR_ID_KEY"])) < 5:
        raise ImproperlyConfigured("INDICATOR_ID_KEY has sixteen random characters or more")
    if environ.get("MFA_REQUIRED") == "none":
        raise ImproperlyConfigured("MFA_REQUIRED=none is for demonstrations: on a server it is `managers` or `all`")


def database_from(url: str) -> dict[str, object]:
    """Django's DATABASES entry for `postgresql://user:password@host:port/name?host=/socket/folder`.

    Raises ImproperlyConfigured for any other scheme: the program speaks one SQL dialect.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(f"DATABASE_URL must begin with postgresql:// (it begins with {parts.scheme}://)")
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": str(parts.port or query.get("port", [""])[0]),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "iocmarket"},
    }


def broker_from(url: str) -> str:
    """Celery's spelling of a Redis URL: `redis+socket://` for a unix socket, unchanged for a host."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


def evidence_storage_from(url: str, folder: Path) -> dict[str, object]:
    """Django's STORAGES entry of evidence: files under the folder, or `s3://key:secret@host:port/bucket`.

    `s3` speaks TLS, `s3+plain` does not (for a store on the same machine). It needs the package django-storages[s3].
    Raises ImproperlyConfigured for any other scheme, and without a bucket.
    """
    if not url:
        options: dict[str, object] = {
            "location": str(folder / "originals"),
            "base_url": None,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        }
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    if parts.scheme not in {"s3", "s3+plain"} or not parts.hostname or not bucket:
        raise ImproperlyConfigured("EVIDENCE_STORAGE_URL is s3://key:secret@host:port/bucket, or empty")
    host = parts.netloc.rpartition("@")[2]
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "endpoint_url": f"{'https' if parts.scheme == 's3' else 'http'}://{host}",
            "access_key": unquote(parts.username or ""),
            "secret_key": unquote(parts.password or ""),
            "bucket_name": bucket,
            "default_acl": None,
            "file_overwrite": True,
            "querystring_auth": True,
        },
    }


def mail_from(url: str) -> dict[str, object]:
    """Django's EMAIL_* settings for `smtp://user:password@host:port`; none when it is empty: letters are printed.

    `smtp` speaks STARTTLS (port 587), `smtps` TLS from the first byte (port 465), `smtp+plain` no TLS (port 25, for a
    relay on the same machine). Raises ImproperlyConfigured for any other scheme.
    """
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(url)
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    if parts.scheme not in ports:
        raise ImproperlyConfigured("EMAIL_URL must begin with smtp://, smtps:// or smtp+plain://")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDoor:
    """Where mails are taken: a unix socket, or a port of this machine."""

    lmtp: bool
    path: str = ""
    host: str = ""
    port: int = 0


def mail_door(text: str) -> MailDoor:
    """`lmtp:/path/socket`, `lmtp://127.0.0.1:2424` or `smtp://127.0.0.1:2525`. Raises ImproperlyConfigured.

    Loopback alone: a mail server stands before it, which knows TLS, greylisting and how to say no.
    """
    scheme, _, rest = text.partition(":")
    if scheme == "lmtp" and rest.startswith("/") and not rest.startswith("//"):
        return MailDoor(lmtp=True, path=rest)
    parts = urlsplit(text)
    try:
        inside = ip_address(parts.hostname or "").is_loopback
        port = parts.port
    except ValueError:
        inside, port = False, None
    if scheme not in {"lmtp", "smtp"} or not inside or not port:
        raise ImproperlyConfigured(
            "MAILBOX_LISTEN is lmtp:/path/socket, lmtp://127.0.0.1:2424 or smtp://127.0.0.1:2525"
        )
    return MailDoor(lmtp=scheme == "lmtp", host=parts.hostname or "", port=port)
