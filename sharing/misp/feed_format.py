"""The MISP feed among the formats of saved feeds: a folder, since MISP fetches its events one by one."""

from __future__ import annotations

from typing import Any

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.types.base import Trait
from sharing.feeds import services
from sharing.feeds.formats.base import FolderFormat, Mode, Recipe, folders
from sharing.misp.feed import MANIFEST
from sharing.misp.folder import Folder
from sharing.misp.reach import NotReady, reach_of

_FIELDS = (
    "Provider: iocmarket\n"
    "Input Source: Network\n"
    "URL: {url}\n"
    "Source Format: MISP Feed\n"
    "HTTP headers: Authorization: {token}\n"
)
_PYMISP = (
    "from pymisp import PyMISP\n\n"
    'misp = PyMISP("https://misp.example.org/", "KEY")\n'
    "feed = misp.add_feed({\n"
    '    "name": "{name}", "provider": "iocmarket", "url": "{url}",\n'
    '    "source_format": "misp", "input_source": "network", "enabled": True,\n'
    '    "headers": "Authorization: {token}",\n'
    "}, pythonify=True)\n"
    "misp.fetch_feed(feed)\n"
)


class MispFeed(FolderFormat):
    """`manifest.json`, `hashes.csv`, `<uuid>.json`: each value with its labels as tags, and with `to_ids`."""

    name = "misp"
    label = "MISP"
    media_type = "application/json"
    mode = Mode.DETECT
    accepts = frozenset(Trait)
    first = MANIFEST
    recipes = (
        Recipe("MISP", "text", _FIELDS, "Sync Actions > Feeds"),
        Recipe("MISP", "python", _PYMISP, "PyMISP"),
    )

    def opening(self, viewer: Viewer, feed: Any, options: Any) -> bytes:
        """The manifest; without noting what changed, since no consumer fetched it. Raises NotReady."""
        try:
            reach = reach_of(viewer)
        except NotReady as error:
            raise services.NotReady from error
        return Folder(reach, None, feed, tlp_max=options.tlp_max).manifest()


def register() -> None:
    """Called once, when the app is ready."""
    folders[MispFeed.name] = MispFeed()
