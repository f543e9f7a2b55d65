"""Programs and lines by the names that shops and operators gave them: apps, browser extensions, telephones."""

from __future__ import annotations

import re
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import ioc_types
from iocmarket.indicators.types.texts import Exact
from iocmarket.kernel.decision import Refusal


class MobileApp(Exact):
    """The identifier of an app: `com.evil.app`."""

    name: ClassVar[str] = "mobile-app-id"
    misp_type: ClassVar[str] = "mobile-application-id"
    aliases = frozenset({"mobile-application-id"})
    label = _("Mobile app")
    path = "software:x_mobile_app_id"
    examples = (("com.Evil.app", "com.Evil.app"),)

    def settled(self, value: str) -> str:
        """Raises Refusal `not_an_app`."""
        if re.fullmatch(r"[A-Za-z][\w-]{0,99}(?:\.[A-Za-z0-9_][\w-]{0,99}){1,20}|[0-9]{6,12}", value, re.ASCII) is None:
            raise Refusal("not_an_app", "The identifier of an app looks like com.example.app, or is a number.")
        return value


class BrowserExtension(Exact):
    """Of Chrome 32 letters a to p; of Firefox an address or a GUID in braces."""

    name: ClassVar[str] = "browser-extension-id"
    misp_type: ClassVar[str] = "chrome-extension-id"
    aliases = frozenset({"chrome-extension-id"})
    label = _("Browser extension")
    path = "software:x_browser_extension_id"
    examples = (("ABCDEFGHIJKLMNOPABCDEFGHIJKLMNOP", "abcdefghijklmnopabcdefghijklmnop"),)

    def settled(self, value: str) -> str:
        """Raises Refusal `not_an_extension`."""
        value = value.lower()
        shape = r"[a-p]{32}|[\w.+-]{1,80}@[\w.-]{1,80}|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}"
        if re.fullmatch(shape, value, re.ASCII) is None:
            raise Refusal(
                "not_an_extension", "An extension has 32 letters from a to p (Chrome), or name@maker (Firefox)."
            )
        return value


class Phone(Exact):
    """A number in international form, `+33123456789` (ITU E.164); ten digits after 0 are French."""

    name: ClassVar[str] = "phone"
    misp_type: ClassVar[str] = "phone-number"
    aliases = frozenset({"phone-number"})
    label = _("Telephone")
    path = "phone-number:value"
    lifetime_days: ClassVar[int] = 90
    examples = (("01 23 45 67 89", "+33123456789"), ("0044 20 7946 0123", "+442079460123"))

    def settled(self, value: str) -> str:
        """Raises Refusal `not_a_phone`."""
        number = re.sub(r"[\s().\u00a0\u202f/-]", "", value.removeprefix("tel:").replace("(0)", ""))
        if re.fullmatch(r"0[1-9][0-9]{8}", number, re.ASCII):
            number = "+33" + number[1:]
        if number.startswith("00"):
            number = "+" + number[2:]
        if re.fullmatch(r"\+[1-9][0-9]{6,14}", number, re.ASCII) is None:
            raise Refusal("not_a_phone", "A telephone number is written +33…, or 0… with ten digits for France.")
        return number


for _kind in (MobileApp, BrowserExtension, Phone):
    ioc_types.register(_kind())
