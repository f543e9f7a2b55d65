"""Public DNS resolvers: blocking one of them takes the network of whoever uses it off the map."""

from __future__ import annotations

import ipaddress
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.subjects import Intervals, Subject, by_version
from iocmarket.indicators.warninglists.base import Severity, WarningList, warning_lists

# The addresses that the operators publish; each line is one operator.
_ADDRESSES = (
    ("8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"),
    ("1.1.1.1", "1.0.0.1", "1.1.1.2", "1.0.0.2", "1.1.1.3", "1.0.0.3", "2606:4700:4700::1111", "2606:4700:4700::1001"),
    ("9.9.9.9", "149.112.112.112", "2620:fe::fe", "2620:fe::9"),
    ("208.67.222.222", "208.67.220.220", "2620:119:35::35", "2620:119:53::53"),
    ("80.67.169.12", "80.67.169.40", "2001:910:800::12", "2001:910:800::40"),
    ("94.140.14.14", "94.140.15.15"),
    ("84.200.69.80", "84.200.70.40"),
    ("185.228.168.9", "185.228.169.9"),
)


class PublicResolvers(WarningList):
    """Resolvers that anybody may use."""

    name: ClassVar[str] = "public-resolvers"
    label = _("Public DNS resolvers")
    version: ClassVar[str] = "2026-11"
    severity: ClassVar[Severity] = Severity.BLOCK_GUARD
    _ranges: ClassVar[dict[int, Intervals]] = by_version(
        (ipaddress.ip_network(address), "listed") for line in _ADDRESSES for address in line
    )

    def matches(self, subject: Subject) -> bool:
        """An address, a network around one, and what lies at one."""
        network = subject.network
        return network is not None and self._ranges[network.version].overlapping(network) is not None


warning_lists.register(PublicResolvers())
