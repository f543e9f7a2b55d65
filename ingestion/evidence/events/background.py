"""What works without being seen: WMI and the Background Intelligent Transfer Service."""

from __future__ import annotations

from ingestion.evidence.events.base import Meaning, Provider, providers
from ingestion.evidence.persistence import WMI

providers.register(
    Provider(
        "wmi-activity",
        ("Microsoft-Windows-WMI-Activity",),
        {
            5857: Meaning(
                "wmi-provider-loaded",
                "library",
                "start",
                "WMI provider {ProviderName}: {ProviderPath}",
                {"file.path": "ProviderPath", "process.pid": "ProcessID"},
            ),
            5860: Meaning(
                "wmi-subscription-temporary",
                "configuration",
                "creation",
                "WMI query of {User}: {Query}",
                {"user": "User", "process.pid": "Processid"},
            ),
            5861: Meaning(
                "wmi-subscription-permanent",
                "configuration",
                "creation",
                "WMI subscription {ESS} to {CONSUMER}: {PossibleCause}",
                technique=WMI,
            ),
        },
    )
)


def _transfer(action: str, kind: str, says: str) -> Meaning:
    return Meaning(action, "network", kind, f"BITS {says}: {{name}} {{url}}", {"url.full": "url"}, "T1197")


providers.register(
    Provider(
        "bits-client",
        ("Microsoft-Windows-Bits-Client",),
        {
            3: Meaning("created-transfer", "network", "start", "BITS job {jobTitle} of {jobOwner}: {processPath}",
                       {"user": "jobOwner", "process.executable": "processPath", "process.pid": "processId"}, "T1197"),
            59: _transfer("started-transfer", "start", "began"),
            60: _transfer("stopped-transfer", "end", "ended"),
            61: _transfer("stopped-transfer", "end", "failed"),
        },
    )
)  # fmt: skip
