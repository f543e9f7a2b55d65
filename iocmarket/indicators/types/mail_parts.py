"""What a mail says besides the address that sent it: where answers go, what it calls itself, what it carries."""

from __future__ import annotations

import re
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import IocType, ioc_types, quoted
from iocmarket.indicators.types.files import Filename
from iocmarket.indicators.types.mail import Email
from iocmarket.indicators.types.texts import Exact
from iocmarket.kernel.decision import Refusal


class ReplyTo(Email):
    """The address to which answers go."""

    name: ClassVar[str] = "email-reply-to"
    misp_type: ClassVar[str] = "email-reply-to"
    aliases = frozenset({"reply-to"})
    label = _("Reply-to address")
    finds = None
    precedence: ClassVar[int] = 100

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[email-message:additional_header_fields.'Reply-To' = '…']` (STIX 2.1 section 6.6)."""
        del subtree
        return f"[email-message:additional_header_fields.'Reply-To' = {quoted(value)}]"


class DisplayName(Exact):
    """The name beside the address of a sender."""

    name: ClassVar[str] = "email-display-name"
    misp_type: ClassVar[str] = "email-src-display-name"
    aliases = frozenset({"email-src-display-name"})
    label = _("Sender’s name")
    path = "email-addr:display_name"
    lifetime_days: ClassVar[int] = 60
    examples = (("Service Informatique ", "Service Informatique"),)


class Subject(Exact):
    """The subject of a mail."""

    name: ClassVar[str] = "email-subject"
    misp_type: ClassVar[str] = "email-subject"
    label = _("Mail subject")
    path = "email-message:subject"
    lifetime_days: ClassVar[int] = 60
    examples = (("Votre boîte est pleine (98 %)", "Votre boîte est pleine (98 %)"),)


class MessageId(Exact):
    """`<local@name>`, in angle brackets (RFC 5322 section 3.6.4)."""

    name: ClassVar[str] = "email-message-id"
    misp_type: ClassVar[str] = "email-message-id"
    label = "Message-ID"
    path = "email-message:message_id"
    lifetime_days: ClassVar[int] = 60
    examples = (("2026.1@mx.evil-cas.fr", "<2026.1@mx.evil-cas.fr>"),)

    def settled(self, value: str) -> str:
        """Raises Refusal `not_a_message_id`."""
        inner = value.removeprefix("<").removesuffix(">")
        if re.fullmatch(r"[^\s<>@]+@[^\s<>@]+", inner) is None:
            raise Refusal("not_a_message_id", "A Message-ID looks like <local@name>.")
        return f"<{inner}>"


class XMailer(Exact):
    """The program that sent a mail, as it calls itself."""

    name: ClassVar[str] = "email-x-mailer"
    misp_type: ClassVar[str] = "email-x-mailer"
    label = "X-Mailer"
    path = "email-message:additional_header_fields.'X-Mailer'"
    lifetime_days: ClassVar[int] = 60
    examples = (("Leaf PHPMailer 2.8", "Leaf PHPMailer 2.8"),)


class AttachmentName(Filename):
    """The name under which a mail carries a file."""

    name: ClassVar[str] = "attachment-name"
    misp_type: ClassVar[str] = "email-attachment"
    aliases = frozenset({"email-attachment"})
    label = _("Attachment name")
    finds = None
    precedence: ClassVar[int] = 100

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[email-message:body_multipart[*].body_raw_ref.name = '…']` (STIX 2.1 section 6.6.2)."""
        del subtree
        return f"[email-message:body_multipart[*].body_raw_ref.name = {quoted(value)}]"


_KINDS: tuple[type[IocType], ...] = (ReplyTo, DisplayName, Subject, MessageId, XMailer, AttachmentName)
for _kind in _KINDS:
    ioc_types.register(_kind())
