"""Splunk Enterprise Security: one CSV for each collection of its threat intelligence, as a local lookup.

The headers are those of the collections, to the letter; `weight` is a whole number from 1 to 100. Cells are compared
with events as they stand: a value that a spreadsheet would run as a formula is left out and not changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait
from iocmarket.indicators.types.files import name_of
from sharing.feeds.formats.base import Mode, Recipe, fetch, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.shapes import ADDRESSES, OneOfSeveral
from sharing.feeds.spelling import exact_cell, remark, row

_COLUMNS = {
    "ip_intel": ("description", "ip", "weight"),
    "domain_intel": ("description", "domain", "weight"),
    "http_intel": ("description", "http_referrer", "http_user_agent", "url", "weight"),
    "email_intel": ("description", "src_user", "subject", "weight"),
    "file_intel": ("description", "file_hash", "file_name", "weight"),
    "process_intel": ("description", "process", "process_file_name", "weight"),
    "registry_intel": ("description", "registry_path", "registry_value_name", "registry_value_text", "weight"),
    "service_intel": ("description", "service", "service_file_hash", "service_dll_file_hash", "weight"),
}
_OTHER = {
    "user-agent": "http_user_agent",
    "email-subject": "subject",
    "filename": "file_name",
    "attachment-name": "file_name",
}
"""Types whose value does not stand in the main column of their collection."""
_MAIN = {
    "ip_intel": "ip", "domain_intel": "domain", "http_intel": "url", "email_intel": "src_user",
    "file_intel": "file_hash", "process_intel": "process", "registry_intel": "registry_path",
    "service_intel": "service",
}  # fmt: skip
_INPUTS_CONF = """\
[threatlist://iocmarket_{name}]
description = IOC market
type = {name}
url = lookup://iocmarket_{name}
weight = 60
disabled = 0
"""


class Splunk(OneOfSeveral):
    """One collection a file; `description` says threats, TLP and PAP."""

    name = "splunk"
    label = "Splunk ES"
    media_type = "text/csv; charset=utf-8; header=present"
    extension = "csv"
    mode = Mode.DETECT
    accepts = frozenset({*ADDRESSES, Trait.NAME, Trait.URL, Trait.FILE_HASH, Trait.FILE_NAME})
    also = frozenset({"email", "email-subject", "user-agent", "command-line", "regkey", "service-name"})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"collection": tuple(_COLUMNS)}
    chooser = "collection"
    lists: ClassVar[Mapping[str, frozenset[str]]] = {
        "ip_intel": ADDRESSES,
        "domain_intel": frozenset({Trait.NAME}),
        "http_intel": frozenset({Trait.URL, "user-agent"}),
        "email_intel": frozenset({"email", "email-subject"}),
        "file_intel": frozenset({Trait.FILE_HASH, Trait.FILE_NAME}),
        "process_intel": frozenset({"command-line"}),
        "registry_intel": frozenset({"regkey"}),
        "service_intel": frozenset({"service-name"}),
    }
    recipes = (
        fetch("Splunk ES", note=_("into the folder lookups of an app, once for each collection")),
        Recipe("Splunk ES", "ini", _INPUTS_CONF, "inputs.conf"),
    )

    def header(self, meta: Meta) -> bytes:
        """The names of the columns."""
        return row(_COLUMNS[meta.options.get("collection", "ip_intel")]).encode()

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One row. Raises Unwritable: `formula`, `not_one_line`."""
        collection = options["collection"]
        column = _OTHER.get(item.type, _MAIN[collection])
        value = name_of(item.value) if column == "file_name" else item.value
        weight = str(min(100, max(1, round(item.score))))
        cells = {"description": remark(item), "weight": weight, column: exact_cell(value)}
        return row([cells.get(name, "") for name in _COLUMNS[collection]])


formats.register(Splunk())
