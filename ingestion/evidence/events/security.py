"""Windows' audit log. Names and numbers: Microsoft, "Appendix L: Events to Monitor" and the pages it leads to."""

from __future__ import annotations

from typing import Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.events.base import Data, Meaning, Provider, basename, number, providers, text
from ingestion.evidence.task_xml import Task, read

_TARGET: Final = {"user.name": "TargetUserName", "user.domain": "TargetDomainName"}
_SUBJECT: Final = {"user.name": "SubjectUserName", "user.domain": "SubjectDomainName", "user.id": "SubjectUserSid"}
_FROM: Final = {"source.ip": "IpAddress", "source.port": "IpPort"}
_BY: Final = {"process.pid": "ProcessId", "process.executable": "ProcessName"}
_LOGON: Final = {**_TARGET, **_FROM, **_BY, "user.id": "TargetUserSid", "winlog.logon.type": "LogonType"}
_BY_WHOM: Final = r" by {SubjectDomainName}\{SubjectUserName}"
_WHOM: Final = r"{TargetDomainName}\{TargetUserName}"


def _account(action: str, kind: str, says: str, technique: str = "") -> Meaning:
    fields = {**_TARGET, "user.id": "TargetSid"}
    return Meaning(action, "iam", kind, f"{says}: {_WHOM}{_BY_WHOM}", fields, technique)


def _member(says: str) -> Meaning:
    sentence = rf"{says} {_WHOM}: {{MemberName}} {{MemberSid}}{_BY_WHOM}"
    return Meaning("added-member-to-group", "iam", "group", sentence, _SUBJECT, "T1098")


def _started(data: Data, found: Fields) -> None:
    """4688: `ProcessId` is the parent's, and the user is whom it runs as, when another than who started it."""
    name = text(data.get("TargetUserName"))
    if name:
        found["user.name"] = name
        found["user.domain"] = text(data.get("TargetDomainName")) or ""
        found["user.id"] = text(data.get("TargetUserSid")) or ""


def _task(data: Data, found: Fields) -> None:
    """4698 and its like carry the task itself, as XML."""
    content = text(data.get("TaskContent") or data.get("TaskContentNew"))
    task = read(content) if content else Task()
    if task.runs:
        found["process.command_line"] = task.command_line
        found["process.executable"] = task.runs[0].command
        found["process.name"] = basename(task.runs[0].command)


def _zero_port(_data: Data, found: Fields) -> None:
    """A logon at the machine itself has port 0: no port."""
    if number(found.get("source.port")) == 0:
        del found["source.port"]


def _tasks(action: str, kind: str, says: str) -> Meaning:
    return Meaning(
        action, "configuration", kind, f"Scheduled task {says}: {{TaskName}}{_BY_WHOM}", _SUBJECT, "T1053.005", _task
    )


SECURITY = Provider(
    "security",
    ("Microsoft-Windows-Security-Auditing",),
    {
        4624: Meaning(
            "logged-in",
            "authentication",
            "start",
            rf"Logon of {_WHOM}, type {{LogonType}}, from {{IpAddress}} ({{WorkstationName}})",
            _LOGON,
            more=_zero_port,
        ),
        4625: Meaning(
            "logon-failed",
            "authentication",
            "start",
            rf"Failed logon of {_WHOM}, type {{LogonType}}, from {{IpAddress}} ({{WorkstationName}}), "
            "status {Status} {SubStatus}",
            _LOGON,
            more=_zero_port,
        ),
        4634: Meaning(
            "logged-out",
            "authentication",
            "end",
            rf"Logoff of {_WHOM}, type {{LogonType}}",
            {**_TARGET, "user.id": "TargetUserSid", "winlog.logon.type": "LogonType"},
        ),
        4647: Meaning(
            "logged-out", "authentication", "end", rf"Logoff by {_WHOM}", {**_TARGET, "user.id": "TargetUserSid"}
        ),
        4648: Meaning(
            "logged-in-explicit",
            "authentication",
            "start",
            rf"Logon of {_WHOM} with explicit credentials to {{TargetServerName}} from {{IpAddress}}"
            rf"{_BY_WHOM} ({{ProcessName}})",
            {**_TARGET, **_FROM, **_BY},
            more=_zero_port,
        ),
        4672: Meaning(
            "logged-in-special",
            "iam",
            "admin",
            r"Special privileges for {SubjectDomainName}\{SubjectUserName}: {PrivilegeList}",
            _SUBJECT,
        ),
        4688: Meaning(
            "created-process",
            "process",
            "start",
            rf"Process {{NewProcessName}} started by {{ParentProcessName}}{_BY_WHOM}: {{CommandLine}}",
            {
                **_SUBJECT,
                "process.pid": "NewProcessId",
                "process.executable": "NewProcessName",
                "process.command_line": "CommandLine",
                "process.parent.pid": "ProcessId",
                "process.parent.name": "ParentProcessName",
            },
            more=_started,
        ),
        4689: Meaning(
            "exited-process", "process", "end", rf"Process {{ProcessName}} ended{_BY_WHOM}", {**_SUBJECT, **_BY}
        ),
        4697: Meaning(
            "service-installed",
            "configuration",
            "creation",
            rf"Service {{ServiceName}} installed: {{ServiceFileName}}, account {{ServiceAccount}}{_BY_WHOM}",
            {**_SUBJECT, "service.name": "ServiceName", "process.command_line": "ServiceFileName"},
            "T1543.003",
        ),
        4698: _tasks("scheduled-task-created", "creation", "created"),
        4699: _tasks("scheduled-task-deleted", "deletion", "deleted"),
        4700: _tasks("scheduled-task-enabled", "change", "enabled"),
        4701: _tasks("scheduled-task-disabled", "change", "disabled"),
        4702: _tasks("scheduled-task-updated", "change", "updated"),
        4719: Meaning(
            "changed-audit-policy", "configuration", "change", f"Audit policy changed{_BY_WHOM}", _SUBJECT, "T1562.002"
        ),
        4720: _account("added-user-account", "creation", "Account created", "T1136.001"),
        4722: _account("enabled-user-account", "change", "Account enabled"),
        4723: _account("changed-password", "change", "Password change tried"),
        4724: _account("reset-password", "change", "Password reset"),
        4725: _account("disabled-user-account", "change", "Account disabled"),
        4726: _account("deleted-user-account", "deletion", "Account deleted"),
        4728: _member("Member added to the global group"),
        4732: _member("Member added to the local group"),
        4756: _member("Member added to the universal group"),
        4738: _account("modified-user-account", "change", "Account changed"),
        4740: _account("locked-out-user-account", "change", "Account locked out"),
        4768: Meaning(
            "kerberos-authentication-ticket-requested",
            "authentication",
            "start",
            rf"Kerberos ticket asked for {_WHOM} from {{IpAddress}}, status {{Status}}",
            {**_TARGET, **_FROM, "user.id": "TargetSid"},
        ),
        4769: Meaning(
            "kerberos-service-ticket-requested",
            "authentication",
            "start",
            rf"Kerberos ticket for {{ServiceName}} asked for {_WHOM} from {{IpAddress}}, "
            "encryption {TicketEncryptionType}",
            {**_TARGET, **_FROM, "service.name": "ServiceName"},
        ),
        4771: Meaning(
            "kerberos-preauth-failed",
            "authentication",
            "start",
            r"Kerberos pre-authentication of {TargetUserName} from {IpAddress} failed, status {Status}",
            {"user.name": "TargetUserName", "user.id": "TargetSid", **_FROM},
        ),
        4776: Meaning(
            "credential-validated",
            "authentication",
            "start",
            "NTLM credentials of {TargetUserName} checked for {Workstation}, status {Status}",
            {"user.name": "TargetUserName"},
        ),
        4778: Meaning(
            "session-reconnected",
            "session",
            "start",
            r"Session of {AccountDomain}\{AccountName} reconnected from {ClientAddress} ({ClientName})",
            {"user.name": "AccountName", "user.domain": "AccountDomain", "source.ip": "ClientAddress"},
        ),
        4779: Meaning(
            "session-disconnected",
            "session",
            "end",
            r"Session of {AccountDomain}\{AccountName} disconnected from {ClientAddress} ({ClientName})",
            {"user.name": "AccountName", "user.domain": "AccountDomain", "source.ip": "ClientAddress"},
        ),
        5140: Meaning(
            "network-share-accessed",
            "file",
            "access",
            rf"Share {{ShareName}} opened from {{IpAddress}}{_BY_WHOM}",
            {**_SUBJECT, "source.ip": "IpAddress", "source.port": "IpPort", "file.path": "ShareLocalPath"},
        ),
        5145: Meaning(
            "network-share-checked",
            "file",
            "access",
            rf"{{RelativeTargetName}} of share {{ShareName}} opened from {{IpAddress}}{_BY_WHOM}",
            {**_SUBJECT, "source.ip": "IpAddress", "source.port": "IpPort", "file.path": "RelativeTargetName"},
        ),
        5156: Meaning(
            "connection-permitted",
            "network",
            "connection",
            "Connection {SourceAddress}:{SourcePort} to {DestAddress}:{DestPort} permitted: {Application}",
            {
                "source.ip": "SourceAddress",
                "source.port": "SourcePort",
                "destination.ip": "DestAddress",
                "destination.port": "DestPort",
                "process.pid": "ProcessID",
                "process.executable": "Application",
            },
        ),
    },
)
providers.register(SECURITY)

_CLEARED: Final = {"user.name": "SubjectUserName", "user.domain": "SubjectDomainName", "user.id": "SubjectUserSid"}
providers.register(
    Provider(
        "eventlog",
        ("Microsoft-Windows-Eventlog", "Eventlog"),
        {
            1100: Meaning("logging-stopped", "host", "end", "The event log service shut down"),
            1102: Meaning(
                "audit-log-cleared",
                "host",
                "deletion",
                f"The security log was cleared{_BY_WHOM}",
                _CLEARED,
                "T1070.001",
            ),
            104: Meaning(
                "log-cleared", "host", "deletion", f"The log {{Channel}} was cleared{_BY_WHOM}", _CLEARED, "T1070.001"
            ),
        },
    )
)
