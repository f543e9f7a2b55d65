"""TAXII in the lines to paste: SIEM, threat intelligence platforms, scripts."""

from __future__ import annotations

from django.utils.translation import gettext as text_now
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, snippets
from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel.marking import FULL
from sharing.taxii.collections import collection_document, collections_of
from sharing.taxii.dialects import ELASTIC, XSOAR


def _collections(institution_id: int) -> list[tuple[str, str]]:
    """(title, id) of what a token of the institution reads; a placeholder until they are filled."""
    views = collections_of(Viewer(institution_id=institution_id, ceiling=FULL))
    found = [(document["title"], document["id"]) for document in map(collection_document, views)]
    return found or [(text_now("being prepared"), "COLLECTION")]


def _elastic(url: str, token: str, institution_id: int) -> list[Block]:
    lines = [
        f"# {title}\n{url}/taxii2/api/collections/{number}/objects/" for title, number in _collections(institution_id)
    ]
    return [
        Block(
            "Custom Threat Intelligence: TAXII 2.1",
            "\n".join([*lines, "# a token made for Elastic", "API key type: Bearer", f"API key: {token}"]),
        )
    ]


def _sentinel(url: str, token: str, institution_id: int) -> list[Block]:
    lines = [f"Collection ID: {number}  # {title}" for title, number in _collections(institution_id)]
    return [
        Block(
            "Data connector: Threat Intelligence - TAXII",
            "\n".join([f"API root URL: {url}/taxii2/api/", *lines, "Username: iocmarket", f"Password: {token}"]),
        )
    ]


def _xsoar(url: str, token: str, institution_id: int) -> list[Block]:
    titles = [f"Collection Name To Fetch Indicators From: {title}" for title, _id in _collections(institution_id)]
    return [
        Block(
            "Integration instance: TAXII 2 Feed",
            "\n".join(
                [
                    f"Discovery Service URL: {url}/taxii2/", "# a token made for Cortex XSOAR",
                    "Username / API Key: _api_token_key",
                    f"Password: {token}", "Default API Root: api", *titles, "Max Indicators Per Fetch: 1000",
                    "Traffic Light Protocol Color: AMBER",
                ]
            ),
        )
    ]  # fmt: skip


def _posting(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        Block(
            "pip install taxii2-client",
            "import uuid\n"
            "from datetime import datetime, timezone\n\n"
            "from taxii2client.common import TokenAuth\n"
            "from taxii2client.v21 import Server\n\n"
            'now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")\n'
            "indicator = {\n"
            '    "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}",\n'
            '    "created": now, "modified": now, "valid_from": now, "pattern_type": "stix",\n'
            '    "pattern": "[ipv4-addr:value = \'185.220.101.45\']", "labels": ["scan", "TLP:AMBER", "PAP:GREEN"],\n'
            "}\n"
            f'server = Server("{url}/taxii2/", auth=TokenAuth(key="{token}"))\n'
            "[depot] = [found for found in server.default.collections if found.can_write]\n"
            'print(depot.add_objects({"objects": [indicator]}).status)',
            runs="python",
        )
    ]


def _python(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        Block(
            "pip install taxii2-client",
            "from taxii2client.common import TokenAuth\n"
            "from taxii2client.v21 import Server, as_pages\n\n"
            f'server = Server("{url}/taxii2/", auth=TokenAuth(key="{token}"))\n'
            "for collection in server.default.collections:\n"
            "    for page in as_pages(collection.get_objects, per_request=1000):\n"
            '        for item in page.get("objects", []):\n'
            '            if item["type"] == "indicator":\n'
            '                print(collection.title, item["pattern"], item.get("valid_until", ""))',
            runs="python",
        )
    ]


def _curl(url: str, token: str, institution_id: int) -> list[Block]:
    number = _collections(institution_id)[0][1]
    auth = f"curl -fsS --compressed -H 'Authorization: Bearer {token}'"
    return [
        Block(
            _("collections, then the newest objects"),
            f"{auth} '{url}/taxii2/api/collections/'\n"
            f"{auth} \\\n  '{url}/taxii2/api/collections/{number}/objects/?limit=20'",
            runs="sh",
        )
    ]


def register() -> None:
    """Called once, when the app is ready."""
    read = Scope.INDICATORS_READ
    snippets.register(
        Tool(
            title="Elastic", note="Custom Threat Intelligence", icon="siem", order=50, needs=read,
            writer=_elastic, mode="detect", key=ELASTIC,
        ),
        Tool(
            title="Microsoft Sentinel", note="TAXII 2.1", icon="siem", order=55, needs=read, writer=_sentinel,
            mode="detect",
        ),
        Tool(
            title="Cortex XSOAR", note="TAXII 2 Feed", icon="siem", order=57, needs=read, writer=_xsoar, mode="detect",
            key=XSOAR,
        ),
        Tool(title="Python", note="taxii2-client", icon="file", order=60, needs=read, writer=_python, mode="detect"),
        Tool(
            title=_("Share STIX objects"), note="TAXII 2.1, taxii2-client", icon="share", order=77,
            needs=Scope.INDICATORS_WRITE, writer=_posting,
        ),
        Tool(title="curl", note="TAXII 2.1", icon="feed", order=65, needs=read, writer=_curl, mode="detect"),
    )  # fmt: skip
