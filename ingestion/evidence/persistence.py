r"""Where in the registry programs are made to come back, and the technique of MITRE ATT&CK® each place is. Pure.

Two ask: what reads events that tell of a write to the registry, and the hives themselves. A place is known by the end
of its key, so that `HKU\S-1-5-…\Software` and a hive that begins at `Software` are the same to it.
"""

from __future__ import annotations

import re
from typing import Final

RUN_KEYS: Final = "T1547.001"
WINLOGON: Final = "T1547.004"
TIME_PROVIDERS: Final = "T1547.003"
AUTHENTICATION_PACKAGE: Final = "T1547.002"
SECURITY_SUPPORT: Final = "T1547.005"
PORT_MONITORS: Final = "T1547.010"
ACTIVE_SETUP: Final = "T1547.014"
PASSWORD_FILTER: Final = "T1556.002"  # noqa: S105 (a technique)
IMAGE_OPTIONS: Final = "T1546.012"
ACCESSIBILITY: Final = "T1546.008"
APPCERT: Final = "T1546.009"
APPINIT: Final = "T1546.010"
SCREENSAVER: Final = "T1546.002"
NETSH_HELPER: Final = "T1546.007"
COM_HIJACK: Final = "T1546.015"
LOGON_SCRIPT: Final = "T1037.001"
SERVICE: Final = "T1543.003"
SCHEDULED_TASK: Final = "T1053.005"
WMI: Final = "T1546.003"
POWERSHELL_PROFILE: Final = "T1546.013"
BITS: Final = "T1197"

ACCESSIBLE: Final = frozenset(
    {
        "sethc.exe", "utilman.exe", "osk.exe", "magnify.exe", "narrator.exe", "displayswitch.exe", "atbroker.exe",
    }
)  # fmt: skip
"""What the logon screen starts for whoever stands before it."""

_PLACES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), technique)
    for pattern, technique in (
        (r"\\CurrentVersion\\(Policies\\Explorer\\)?Run(Once|OnceEx|Services|ServicesOnce)?(\\|$)", RUN_KEYS),
        (r"\\Windows NT\\CurrentVersion\\Windows\\(Load|Run)$", RUN_KEYS),
        (r"\\Explorer\\(User )?Shell Folders\\(Common )?Startup$", RUN_KEYS),
        (r"\\Control\\Session Manager\\BootExecute$", RUN_KEYS),
        (r"\\CurrentVersion\\Winlogon\\(Shell|Userinit|Taskman|VmApplet|Notify)(\\|$)", WINLOGON),
        (r"\\Image File Execution Options\\[^\\]+\\(Debugger|GlobalFlag|VerifierDlls)$", IMAGE_OPTIONS),
        (r"\\SilentProcessExit\\[^\\]+\\MonitorProcess$", IMAGE_OPTIONS),
        (r"\\Windows NT\\CurrentVersion\\Windows\\(AppInit_DLLs|LoadAppInit_DLLs)$", APPINIT),
        (r"\\Session Manager\\AppCertDLLs(\\|$)", APPCERT),
        (r"\\Control\\Lsa\\Authentication Packages$", AUTHENTICATION_PACKAGE),
        (r"\\Control\\Lsa\\(OSConfig\\)?Security Packages$", SECURITY_SUPPORT),
        (r"\\Control\\Lsa\\Notification Packages$", PASSWORD_FILTER),
        (r"\\Control\\Print\\Monitors\\[^\\]+\\Driver$", PORT_MONITORS),
        (r"\\W32Time\\TimeProviders\\[^\\]+\\DllName$", TIME_PROVIDERS),
        (r"\\Active Setup\\Installed Components\\[^\\]+\\StubPath$", ACTIVE_SETUP),
        (r"\\Services\\[^\\]+\\(Parameters\\)?(ImagePath|ServiceDll|FailureCommand)$", SERVICE),
        (r"\\Control Panel\\Desktop\\SCRNSAVE\.EXE$", SCREENSAVER),
        (r"\\Environment\\UserInitMprLogonScript$", LOGON_SCRIPT),
        (r"\\Microsoft\\NetSh\\", NETSH_HELPER),
        (r"\\CLSID\\\{[^\\]+\}\\(InprocServer32|LocalServer32|TreatAs)(\\|$)", COM_HIJACK),
        (r"\\Schedule\\TaskCache\\(Tree|Tasks)\\", SCHEDULED_TASK),
    )
)


_UNUSUAL: Final = re.compile(
    r"\\(Windows\\Temp|Temp|Users\\Public|ProgramData|AppData|PerfLogs|\$Recycle\.Bin|Downloads)\\"
    r"|%(temp|tmp|appdata|localappdata|public|programdata|allusersprofile)%"
    r"|https?://|\b(mshta|wscript|cscript|regsvr32|bitsadmin|certutil)\b|javascript:|vbscript:"
    r"|\bpowershell(\.exe)?\b.*\s[-/](e|en|enc|encodedcommand|w|windowstyle)\b"
    r"|\b(psexesvc|paexec|remcomsvc|csexecsvc)\b",
    re.IGNORECASE,
)


def unusual(command: str) -> bool:
    """Whether a program that is made to come back lies where anybody may write, or runs what is not a program.

    A hint for whoever reads a list of hundreds, and no verdict: updaters of honest vendors live in such places too.
    """
    return _UNUSUAL.search(command) is not None


def technique(place: str) -> str:
    r"""The technique for which a value is written to that place, `key\value`; empty for most."""
    for pattern, found in _PLACES:
        if pattern.search(place):
            return found
    return ""
