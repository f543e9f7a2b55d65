"""What gunicorn logs by itself: requests that it cannot serve, and accesses where the operator asks for them.

It has handlers of its own, which Django's LOGGING does not reach.
"""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger

from iocmarket.web.redaction import RedactingFormatter


class RedactingLogger(Logger):  # type: ignore[misc]
    """For `--logger-class`: no line holds a token, a feed key, or what was searched for."""

    def setup(self, cfg: Any) -> None:
        """As gunicorn does, with our formatter in every handler."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(_as(handler.formatter))

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        """What an access line is made of, without queries and referrers: searches and look-ups stand in them."""
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        line = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')} {environ.get('SERVER_PROTOCOL')}"
        return {**found, "r": line, "q": "", "f": "-"}


def _as(formatter: logging.Formatter | None) -> RedactingFormatter:
    if formatter is None:
        return RedactingFormatter()
    return RedactingFormatter(formatter._fmt, formatter.datefmt)  # noqa: SLF001 (the text is kept nowhere else)
