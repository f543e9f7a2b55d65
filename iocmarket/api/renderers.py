"""JSON through orjson: UTC with six decimals nowhere but where a serializer wrote it; UUIDs and dates natively."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


class OrjsonRenderer(BaseRenderer):
    """application/json."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The body; empty for no data (a 204)."""
        del accepted_media_type, renderer_context
        return b"" if data is None else orjson.dumps(data, option=orjson.OPT_UTC_Z)
