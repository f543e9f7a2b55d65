"""The one way out: every HTTP request that this program makes to somebody else goes through `client()`.

Addresses of web hooks, feeds and enrichers come from people, so each is treated as an attempt to make the server
speak to its own network. Nothing else opens outbound HTTP (tests/iocmarket/outbound/test_one_way_out.py).
"""

from iocmarket.outbound.client import Answer, Limits, Outbound, client
from iocmarket.outbound.errors import OutboundError

__all__ = ["Answer", "Limits", "Outbound", "OutboundError", "client"]
