"""No line of a log holds a token: neither Django's nor gunicorn's."""

from __future__ import annotations

import io
import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from gunicorn.config import Config

from iocmarket import webserver
from iocmarket.accounts.secrets import new_secret
from iocmarket.supervisor.plan import programs, read_plan
from iocmarket.supervisor.weblog import RedactingLogger
from iocmarket.web.redaction import RedactingFormatter, redacted


def test_secrets_are_cut_wherever_they_stand_and_nothing_else_is() -> None:
    secret = new_secret()
    assert redacted(f"GET /feeds/k/{secret}/text.txt") == "GET /feeds/k/iocm…/text.txt"
    assert redacted(f"{secret},{secret}") == "iocm…,iocm…"
    assert (
        redacted("iocmarket.sharing: 3 versions written, iocm1234…")
        == "iocmarket.sharing: 3 versions written, iocm1234…"
    )


def test_the_secret_part_of_a_link_in_a_letter_is_cut() -> None:
    assert redacted("Gone: /accounts/password/reset/key/7-cx1m2p-0a1b2c/ (410)") == (
        "Gone: /accounts/password/reset/key/…/ (410)"
    )
    assert redacted('"GET /accounts/confirm-email/MQ:1wXyZ:a_b-c/ HTTP/1.1"') == (
        '"GET /accounts/confirm-email/…/ HTTP/1.1"'
    )
    assert redacted("/accounts/confirm-email/ /accounts/login/") == "/accounts/confirm-email/ /accounts/login/"


def test_traces_are_redacted_too() -> None:
    secret = new_secret()
    error = ValueError(secret)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "of %s", (secret,), (type(error), error, None))
    line = RedactingFormatter("%(message)s").format(record)
    assert secret not in line
    assert line.startswith("of iocm…")


def test_every_line_of_the_program_goes_through_it() -> None:
    logs: dict[str, Any] = settings.LOGGING
    formatters = logs["formatters"]
    assert {found["()"] for found in formatters.values()} == {"iocmarket.web.redaction.RedactingFormatter"}
    assert all(handler["formatter"] in formatters for handler in logs["handlers"].values())
    web = programs(read_plan({}))["web"]
    assert webserver.logger_class == f"{RedactingLogger.__module__}.{RedactingLogger.__qualname__}"
    assert web[web.index("--config") + 1] == f"python:{webserver.__name__}"
    assert f"python:{webserver.__name__}" in (settings.BASE_DIR / "Dockerfile").read_text()


def test_gunicorn_writes_neither_keys_nor_queries() -> None:
    secret, written = new_secret(), io.StringIO()
    config = Config()
    config.set("accesslog", "-")
    log = RedactingLogger(config)
    for handler in (*log.access_log.handlers, *log.error_log.handlers):
        handler.setStream(written)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET", "PATH_INFO": f"/feeds/k/{secret}/text.txt", "QUERY_STRING": "q=45.1.2.3",
        "RAW_URI": f"/feeds/k/{secret}/text.txt?q=45.1.2.3", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": "https://elsewhere.example/?q=45.1.2.3", "HTTP_USER_AGENT": secret, "REMOTE_ADDR": "192.0.2.1",
    }  # fmt: skip
    response = type("Response", (), {"status": "200 OK", "sent": 5, "headers": []})()
    log.access(response, type("Request", (), {"headers": []})(), environ, timedelta(0))
    log.error("Error handling request %s", environ["PATH_INFO"])
    lines = written.getvalue()
    assert lines.count("/feeds/k/iocm…/text.txt") == 2
    assert secret not in lines
    assert "45.1.2.3" not in lines
