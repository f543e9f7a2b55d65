"""Secrets in text: found before anything is read, so that no password becomes part of a value, a log or a row.

Leaked accounts reach a community in a handful of spellings: `user@host:password`, `user:password@host`,
`https://host/login:user:password`, tables with a password column, `login: … password: …`. These are victims, not
attackers: each becomes a refused item of which only the beginning of the account is kept. Wrongly refusing a value is
told to the sender; keeping a password is not told to anybody. That is why doubtful cases count as secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from iocmarket.indicators.refang import refang, refang_line
from iocmarket.kernel.decision import Refusal

BLANK = "••••"
_SIGN = re.compile("[:|=\ufe55\uff1a\ua789\n]")

_PASSWORD = r"(?:password|passwd|passphrase|pass|pwd|mot[ ]de[ ]passe|mdp)"  # noqa: S105 (the words, not a secret)
_LOGIN = r"(?:login|log-in|user[ ]?name|user|identifiant|utilisateur|compte|account|e-?mail)"

_GLUED = re.compile(
    r"""
      # https://host/path:user:secret
      (?P<page>https?://[^\s:/"'<>;,|]++(?::\d{1,5}+(?=/))?(?:/[^\s:?="'<>;,|]*+)?)
        :(?P<who>[^\s:/"'<>;,|]{1,100}+):(?!//)(?P<rest>[^\s"'<>]{2,}+)
      # user@host:secret, user@host|secret
    | (?<![\w.+@=/-])(?P<mailbox>\w[\w.+%&'~-]{0,63}+)@
        (?: [\d.]{7,15}+:(?![/~])
          | (?=[\w.-]*[a-z])[\w-]{1,63}+(?:\.[\w-]{1,63}+)++(?::(?!//)|\|)
          | [\w-]{1,63}+:(?![/~.])
        )(?=[^\s:|])[^\s"'<>|]++(?!\|)
      # user:secret@host
    | (?<![\w.+@=/:-])(?P<user>\w[\w.+-]{0,63}+):(?!//)[^\s:@/"'<>]{1,100}+@[\w-]++(?:\.[\w-]++)*+(?!@)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# What `shown` leaves of each, and of the cells of a table.
_BLANKED = re.compile(rf"""[^\s"'<>;,|]*•••(?:@…)?:{BLANK}(?:@…)?""")
_BEGINNING = re.compile(".{0,3}•••")
_WORD = re.compile(_PASSWORD, re.IGNORECASE)
_PORT = re.compile(r"\d{1,5}(?:[/?#]|$)")
# Words that stand before a colon without being an account: `From:bob@…`.
_LABELS = frozenset(
    {"from", "to", "cc", "bcc", "reply-to", "return-path", "sender", "smtp", "mailto", "sip", "xmpp", "acct", "cid"}
    | {"mid", "message-id", "id", "e-mail", "email", "mail", "mel", "courriel", "adresse", "address", "contact"}
    | {"expediteur", "expéditeur", "ioc", "indicator", "indicateur", "phishing", "hameçonnage", "spam", "scam"}
    | {"source", "src", "value", "valeur"}
)
_PASSWORD_FIELD = re.compile(
    rf"""(?<!\w)(?P<label>{_PASSWORD}["']?[ ]?[:=][ ]?["']?)(?!\s|(?:h..ps?|ftp)://)[^\s|;,"']++""", re.IGNORECASE
)
_LOGIN_FIELD = re.compile(rf"(?:^|[|;,][ \t]*|^[ \t]*){_LOGIN}[ ]?[:=][ ]?\S", re.IGNORECASE)
_COLUMN = re.compile(rf"\W*(?:{_PASSWORD})\W*", re.IGNORECASE)
_ACCOUNT_COLUMN = re.compile(rf"\W*(?:{_LOGIN})\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secret:
    """A stretch of a refanged line that holds an account and its password, and what may be shown of it."""

    start: int
    end: int
    shown: str


def refusal() -> Refusal:
    """The refusal of an item that holds a secret: code `credential`."""
    return Refusal(
        "credential", "An account with its password is no indicator; the password was erased before storage."
    )


def secrets_in(text: str) -> list[Secret]:
    """The accounts with passwords that are written in one piece in a refanged line, in order.

    Those that were blanked already count too, so that a text tells the same after it was stored.
    """
    if ":" not in text and "|" not in text:
        return []
    # A secret is glued to an account by an @, or stands after a web address and two colons of its own.
    if "@" not in text and BLANK not in text and (text.count(":") < 3 or "://" not in text):
        return []
    found = [secret for match in _GLUED.finditer(text) if (secret := _secret(match)) is not None]
    return _with_blanked(found, text) if BLANK in text else found


def _with_blanked(found: list[Secret], text: str) -> list[Secret]:
    taken = [(secret.start, secret.end) for secret in found]
    for match in _BLANKED.finditer(text):
        start, end = match.span()
        if not any(start < other_end and other_start < end for other_start, other_end in taken):
            found.append(Secret(start, end, match[0]))
    return sorted(found, key=lambda secret: secret.start)


def masked(text: str, secrets: list[Secret]) -> str:
    """The text with spaces in the place of the secrets, so that positions stay."""
    if not secrets:
        return text
    pieces, position = [], 0
    for secret in secrets:
        pieces += [text[position : secret.start], " " * (secret.end - secret.start)]
        position = secret.end
    return "".join(pieces) + text[position:]


def _secret(match: re.Match[str]) -> Secret | None:
    start, end = match.span()
    if match["page"]:
        if "@" in match["who"] and "/" not in match["page"][8:] and _PORT.match(match["rest"]):
            return None  # http://user:secret@host:8080/x is a URL, and a URL keeps its user information
        return Secret(start, end, f"https://…:{_beginning(match['who'])}:{BLANK}")
    if match["mailbox"]:
        # git@host:path is a repository
        return None if match["mailbox"] == "git" else Secret(start, end, f"{_beginning(match['mailbox'])}@…:{BLANK}")
    if match["user"].lower() in _LABELS:
        return None
    return Secret(start, end, f"{_beginning(match['user'])}:{BLANK}@…")


def _beginning(account: str) -> str:
    if _BEGINNING.fullmatch(account) is not None:
        return account
    return f"{account.partition('@')[0][: 3 if len(account) > 4 else 1]}•••"


def may_name_password(text: str) -> bool:
    """Whether one of the words for a password may be in it."""
    folded = text.casefold()
    return "pass" in folded or "pwd" in folded or "mdp" in folded


def is_password_field(text: str) -> bool:
    """Whether a line gives a password after its label (`Password: hunter2`)."""
    return may_name_password(text) and _PASSWORD_FIELD.search(text) is not None


def is_login_field(text: str) -> bool:
    """Whether a line gives an account after its label, at its beginning or in a column of its own."""
    return _LOGIN_FIELD.search(text) is not None


def is_account_table(heading: str) -> bool:
    """Whether a line is the heading of a table of accounts with their passwords."""
    return _delimiter(heading) is not None


def _delimiter(heading: str) -> str | None:
    if len(heading) > 1000 or not may_name_password(heading) or _WORD.search(heading) is None:
        return None
    for delimiter in ";,\t|":
        cells = heading.split(delimiter)
        if any(map(_COLUMN.fullmatch, cells)) and any(map(_ACCOUNT_COLUMN.fullmatch, cells)):
            return delimiter
    return None


def is_row(line: str, heading: str) -> bool:
    """Whether a line belongs to the table under such a heading: it has its delimiter, or was blanked as one."""
    delimiter = _delimiter(heading)
    return delimiter is not None and (delimiter in line or line.strip() == BLANK)


def blanked_row(row: str, heading: str) -> str:
    """A row of such a table: of its accounts the beginnings, of the rest nothing; all blank when it is askew.

    Where an account is used, on which machine and since when is its owner's affair, too.
    """
    delimiter = _delimiter(heading) or ";"
    titles, cells = heading.split(delimiter), row.split(delimiter)
    if len(cells) != len(titles):
        return BLANK
    return delimiter.join(map(_blanked_cell, titles, cells))


def _blanked_cell(title: str, cell: str) -> str:
    return _beginning(cell.strip(" \"'")) if _ACCOUNT_COLUMN.fullmatch(title) else BLANK


def redact(text: str) -> str:
    """A whole text as it may be stored: every password blanked, every other character in its place."""
    return "".join(redacted(text.splitlines(keepends=True)))


def redacted(lines: Iterable[str]) -> Iterator[str]:
    """The same of lines as they stream in, each with its end."""
    heading: str | None = None
    for line in lines:
        body = line.rstrip("\r\n")
        if not body or body.isspace():
            heading = None
            yield line
        elif heading is not None and is_row(body, heading):
            yield blanked_row(body, heading) + line[len(body) :]
        else:
            heading = body if is_account_table(body) else None
            yield redact_line(body) + line[len(body) :]


_HARMLESS = re.compile(r"(?:https?://)?+[A-Za-z0-9._~!$&*+,;@/?%#=-]*+|[0-9A-Fa-f:.]++(?:/[0-9]++)?+", re.ASCII)


def _is_harmless(text: str) -> bool:
    """Whether one value holds no secret for sure: an address, or a text with no colon but that of its scheme."""
    return _HARMLESS.fullmatch(text) is not None and not ("=" in text and is_password_field(text))


def holds_secret(text: str) -> bool:
    """Whether one value is an account with its password, defanged or not, blanked or not."""
    return _SIGN.search(text) is not None and not _is_harmless(text) and bool(secrets_in(refang(text)))


def redact_value(text: str) -> str:
    """As `redact`, for one value or remark: nearly always without any of the signs of a secret, and then at no cost."""
    return redact(text) if _SIGN.search(text) is not None and not _is_harmless(text) else text


def redact_line(line: str) -> str:
    """One line with the passwords blanked that are glued to an account or follow their label."""
    refanged = refang_line(line)
    pieces, position = [], 0
    for secret in secrets_in(refanged.text):
        start, end = refanged.span(secret.start, secret.end)
        pieces += [line[position:start], secret.shown]
        position = end
    return _PASSWORD_FIELD.sub(lambda match: match["label"] + BLANK, "".join(pieces) + line[position:])
