"""The system log: services, starts and stops of the machine."""

from __future__ import annotations

from typing import Final

from ingestion.evidence.events.base import Meaning, Provider, providers
from ingestion.evidence.persistence import SERVICE

_NAMED: Final = {"service.name": "param1"}

providers.register(
    Provider(
        "service-control-manager",
        ("Service Control Manager", "Microsoft-Windows-Service Control Manager"),
        {
            7045: Meaning(
                "service-installed",
                "configuration",
                "creation",
                "Service {ServiceName} installed: {ImagePath}, {ServiceType}, {StartType}, account {AccountName}",
                {"service.name": "ServiceName", "process.command_line": "ImagePath", "user": "AccountName"},
                SERVICE,
            ),
            7034: Meaning("service-crashed", "process", "end", "Service {param1} ended unexpectedly", _NAMED),
            7035: Meaning("service-control-sent", "process", "change", "Service {param1} was told: {param2}", _NAMED),
            7036: Meaning("service-state-changed", "process", "change", "Service {param1}: {param2}", _NAMED),
            7040: Meaning(
                "service-start-changed",
                "configuration",
                "change",
                "Service {param1}: start type {param2} became {param3}",
                {"service.name": "param4"},
            ),
        },
    )
)
providers.register(
    Provider(
        "kernel-general",
        ("Microsoft-Windows-Kernel-General",),
        {
            1: Meaning("changed-time", "host", "change", "System time {OldTime} became {NewTime}"),
            12: Meaning(
                "started-system", "host", "start", "Windows {MajorVersion}.{MinorVersion}.{BuildVersion} started"
            ),
            13: Meaning("stopped-system", "host", "end", "Windows stopped at {StopTime}"),
        },
    )
)
providers.register(
    Provider(
        "user32",
        ("User32", "USER32"),
        {
            1074: Meaning(
                "shutdown-asked", "host", "end", "{param5} asked by {param7} ({param1}): {param3}", {"user": "param7"}
            )
        },
    )
)
