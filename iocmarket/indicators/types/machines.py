"""What malware leaves on a machine and sends from it: names that mean something on Windows or in a protocol.

All are kept to the letter and only ever given explicitly: in running text nothing tells where such a name ends.
Where STIX needs two comparisons (a key and its data, a directory and a name) a property of our own holds both: a
consumer that takes patterns apart at AND would make two indicators of them.
"""

from __future__ import annotations

import re
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Canonical, IocType, Trait, cleaned, ioc_types, quoted
from iocmarket.indicators.types.files import is_windows_path, name_of
from iocmarket.indicators.types.texts import Exact
from iocmarket.kernel.decision import Refusal

_HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}


class RegistryKey(Exact):
    """`HKEY_LOCAL_MACHINE\\Software\\Evil`: the hive spelt out, the case kept; a user's SID is not rewritten."""

    name: ClassVar[str] = "regkey"
    misp_type: ClassVar[str] = "regkey"
    aliases = frozenset({"registry-key"})
    label = _("Registry key")
    path = "windows-registry-key:key"
    examples = ((r"HKLM\Software\Evil", r"HKEY_LOCAL_MACHINE\Software\Evil"),)

    def settled(self, value: str) -> str:
        """Raises Refusal `not_a_regkey`."""
        hive, bar, rest = value.rstrip("\\ ").removeprefix("Computer\\").partition("\\")
        hive = hive.upper().removesuffix(":")
        hive = _HIVES.get(hive, hive)
        if hive not in _HIVES.values() or not bar or not rest.strip("\\ "):
            raise Refusal("not_a_regkey", r"A registry key begins with its hive: HKLM\Software\…")
        return f"{hive}\\{rest}"

    def match_key(self, value: str) -> str:
        """In lower case: the registry makes no difference."""
        return value.casefold()


class RegistryValue(Exact):
    """A key and the data in it, `HKEY_CURRENT_USER\\Software\\Run|C:\\evil.exe`, as MISP writes them."""

    name: ClassVar[str] = "regvalue"
    misp_type: ClassVar[str] = "regkey|value"
    aliases = frozenset({"regkey|value"})
    label = _("Registry value")
    path = "windows-registry-key:x_key_and_data"
    examples = ((r"HKCU\Software\Run | C:\evil.exe", r"HKEY_CURRENT_USER\Software\Run|C:\evil.exe"),)

    def settled(self, value: str) -> str:
        """Raises Refusal: `not_a_regvalue`, `not_a_regkey`."""
        key, bar, data = value.partition("|")
        if not bar or not data.strip():
            raise Refusal("not_a_regvalue", "A registry value is a key, a bar and the data.")
        return f"{RegistryKey().settled(key.strip())}|{data.strip()}"

    def match_key(self, value: str) -> str:
        """In lower case."""
        return value.casefold()


class FilePath(Exact):
    """The full path of a file; of a directory when it ends with a slash."""

    name: ClassVar[str] = "file-path"
    misp_type: ClassVar[str] = "filename"
    aliases = frozenset({"filepath", "path"})
    label = _("File path")
    path = "file:x_path"
    examples = ((r"C:\Users\Public\EVIL.exe", r"C:\Users\Public\EVIL.exe"), ("/tmp/.x/", "/tmp/.x/"))  # noqa: S108

    def settled(self, value: str) -> str:
        """Raises Refusal: `not_a_path`, `is_url`."""
        if "://" in value:
            raise Refusal("is_url", "This is a URL: send it as url.")
        if name_of(value) == value or not value.strip("/\\ ."):
            raise Refusal("not_a_path", "A path has directories before the name; a bare name is a filename.")
        return value

    def match_key(self, value: str) -> str:
        """A path of Windows in lower case."""
        return value.casefold() if is_windows_path(value) else value


class Mac(IocType):
    """`00:1a:2b:3c:4d:5e`."""

    name: ClassVar[str] = "mac"
    misp_type: ClassVar[str] = "mac-address"
    aliases = frozenset({"mac-address"})
    label = "MAC"
    traits = frozenset({Trait.TEXT})
    lifetime_days: ClassVar[int] = 90
    examples = (("00-1A-2B-3C-4D-5E", "00:1a:2b:3c:4d:5e"), ("001a.2b3c.4d5e", "00:1a:2b:3c:4d:5e"))

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_a_mac`, `no_interface`."""
        del explicit
        text = cleaned(raw).lower()
        if re.fullmatch(r"[0-9a-f]{2}([:-]?)(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}", text):
            digits = re.sub("[:.-]", "", text)
            if digits in {"0" * 12, "f" * 12}:
                raise Refusal("no_interface", "This address means none or all: it is no interface.")
            return Canonical(":".join(digits[i : i + 2] for i in range(0, 12, 2)))
        raise Refusal("not_a_mac", "A MAC address is six pairs of hexadecimal digits.")

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[mac-addr:value = '…']`."""
        del subtree
        return f"[mac-addr:value = {quoted(value)}]"


class UserAgent(Exact):
    """What a program calls itself in HTTP."""

    name: ClassVar[str] = "user-agent"
    misp_type: ClassVar[str] = "user-agent"
    label = _("User agent")
    path = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"
    lifetime_days: ClassVar[int] = 180
    examples = (("  python-requests/2.31.0 ", "python-requests/2.31.0"),)


class Mutex(Exact):
    """The name of a mutual exclusion."""

    name: ClassVar[str] = "mutex"
    misp_type: ClassVar[str] = "mutex"
    label = "Mutex"
    path = "mutex:name"
    examples = (("Global\\Evil", "Global\\Evil"),)


class NamedPipe(Exact):
    """`\\\\.\\pipe\\name`; the name alone gets the prefix."""

    name: ClassVar[str] = "named-pipe"
    misp_type: ClassVar[str] = "named pipe"
    aliases = frozenset({"named pipe"})
    label = _("Named pipe")
    path = "x-windows-named-pipe:name"
    examples = (("evilpipe", r"\\.\pipe\evilpipe"), (r"\\.\PIPE\evil", r"\\.\pipe\evil"))

    def settled(self, value: str) -> str:
        """Raises Refusal `not_a_pipe`."""
        name = re.sub(r"^(?:\\\\[.?]\\pipe\\|\\pipe\\)", "", value, flags=re.IGNORECASE).strip()
        if not name or name.startswith("\\"):
            raise Refusal("not_a_pipe", r"A named pipe looks like \\.\pipe\name.")
        return f"\\\\.\\pipe\\{name}"


class ServiceName(Exact):
    """The name of a Windows service."""

    name: ClassVar[str] = "service-name"
    misp_type: ClassVar[str] = "windows-service-name"
    aliases = frozenset({"windows-service-name"})
    label = _("Service")
    path = "process:extensions.'windows-service-ext'.service_name"
    examples = (("EvilUpdater", "EvilUpdater"),)


class ScheduledTask(Exact):
    """The name of a scheduled task of Windows, with its folder if it was given one."""

    name: ClassVar[str] = "scheduled-task"
    misp_type: ClassVar[str] = "windows-scheduled-task"
    aliases = frozenset({"windows-scheduled-task"})
    label = _("Scheduled task")
    path = "x-windows-scheduled-task:name"
    examples = ((r"\Microsoft\EvilTask", r"\Microsoft\EvilTask"),)


class CommandLine(Exact):
    """What was executed, with its arguments."""

    name: ClassVar[str] = "command-line"
    misp_type: ClassVar[str] = "text"
    label = _("Command line")
    path = "process:command_line"
    examples = (("powershell.exe -nop -w hidden -e aQBlAHgA", "powershell.exe -nop -w hidden -e aQBlAHgA"),)


for _kind in (
    RegistryKey, RegistryValue, FilePath, Mac, UserAgent, Mutex, NamedPipe, ServiceName, ScheduledTask, CommandLine,
):  # fmt: skip
    ioc_types.register(_kind())
