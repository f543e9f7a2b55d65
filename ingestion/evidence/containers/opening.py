"""Opening an archive: envelopes off, members out, archives in it opened too, and every member put in its place.

What is opened of archives in archives: what a collector packed so (Velociraptor's `data.zip`, DFIR-ORC's 7z in 7z) and
archives that lie beside the volumes, up to the depth of the caps. An archive that lay on the machine stays a file.
"""

from __future__ import annotations

import logging
from pathlib import Path

from ingestion.evidence.containers.base import Caps, Keys, Opened, Refused, Rejected
from ingestion.evidence.containers.decoding import Archive, Broken, Entry, Secrets
from ingestion.evidence.containers.names import clean, shown
from ingestion.evidence.containers.routing import archive_of, compressed, envelope_of, head_of, known
from ingestion.evidence.containers.store import Beyond, Budget, Store
from ingestion.evidence.layouts.base import Member, Tree
from ingestion.evidence.layouts.detect import mapped
from ingestion.evidence.layouts.windows import Roots

_ENVELOPES = 8
"""Envelopes around one archive: age of CMS of a journal of gzip is four."""
_WHOLE = {"ratio", "too-large", "too-many-entries"}
"""What an inner archive is refused for that refuses the outer one: the caps are of both together."""
_DAMAGES = {"damaged", "truncated", "authentication-failed", "unsupported", "wrong-password"}
_DOCUMENTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"META-INF/", b"mimetype", b"AndroidManifest.xml")
"""With what a zip begins that is a document or a program."""
_ON_THE_MACHINE = ("/uploads/", "/[root]/", "/fs/", "/sysvol/")


def open_archive(
    archive: Path,
    into: Path,
    *,
    keys: Keys,
    password: str = "",
    caps: Caps | None = None,
    name: str = "",
) -> Opened:
    """Unpack an archive into files in `into` and say what they are. Raises Refused, leaving nothing in `into`.

    `name` is what its sender called it; it hints at the host where the content says nothing of it, and at nothing else.
    """
    secrets = Secrets.load(keys, password)
    budget = Budget(caps or Caps(), archive.stat().st_size)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(into, budget)
    work = _Opening(secrets, budget, store)
    try:
        return work.whole(archive, name or archive.name)
    except BaseException:
        store.wipe()
        raise


class _Opening:
    """One archive on its way."""

    def __init__(self, secrets: Secrets, budget: Budget, store: Store) -> None:
        self._secrets = secrets
        self._budget = budget
        self._store = store
        self._rejected: list[Rejected] = []
        self._schemes: list[str] = []
        self._key_id = ""

    def whole(self, archive: Path, name: str) -> Opened:
        members = self._open(archive, "", 1)
        if not members:
            bad = next((one for one in self._rejected if one.code in _DAMAGES), None)
            if bad is not None:
                raise Refused(bad.code, bad.member)
            if not self._rejected:
                raise Refused("empty")
        found = mapped(Tree(members, name))
        return Opened(
            layout=found.layout,
            scheme=" of ".join(self._schemes),
            host=found.host,
            os=found.os,
            collected_at=found.collected_at,
            key_id=self._key_id,
            items=found.items,
            rejected=self._rejected,
        )

    def _open(self, source: Path, prefix: str, level: int, *, free: bool = True) -> list[Member]:
        """The members of an archive and of those in it. `free`: an inner 7z or data.zip counts as no level."""
        path, schemes = self._peel(source, nested=level > 1)
        try:
            head = head_of(path)
            archive = archive_of(head)
            if archive is None:
                raise Refused("not-an-archive" if head else "empty", shown(prefix))
            members = self._members(archive, path, prefix)
            if len(self._schemes) < _ENVELOPES:
                self._schemes += [*schemes, archive.scheme(path)]
            self._key_id = self._key_id or archive.key_id()
        finally:
            if path != source:
                path.unlink()
        return self._inner(archive, members, level, free=free)

    def _peel(self, source: Path, *, nested: bool) -> tuple[Path, list[str]]:
        """Take off what is around the archive; the file that is left and what was there."""
        path = source
        schemes: list[str] = []
        for _ in range(_ENVELOPES):
            envelope = envelope_of(head_of(path))
            if envelope is None:
                return path, schemes
            layer = self._store.layer(path.stat().st_size, counts=nested)
            try:
                with path.open("rb") as file:
                    unsealed = envelope.unseal(file, layer, self._secrets)
                layer.close()
            except BaseException:
                layer.close()
                layer.path.unlink()
                raise
            finally:
                if path != source:
                    path.unlink()
            path = layer.path
            schemes.append(unsealed.scheme)
            self._key_id = self._key_id or unsealed.key_id
        path.unlink()
        raise Refused("too-deep")

    def _members(self, archive: Archive, path: Path, prefix: str) -> list[Member]:
        members: list[Member] = []
        for entry in archive.members(path, self._secrets, self._budget.entries_left):
            self._budget.entry()
            member = self._member(entry, archive, prefix)
            if member is not None:
                members.append(member)
            elif not entry.packed:  # what lies behind it in the same stream is reached through it
                self._drain(entry)
        return members

    def _member(self, entry: Entry, archive: Archive, prefix: str) -> Member | None:
        label = shown(prefix + entry.name)
        if entry.kind == "directory":
            return None
        name, code = clean(entry.name, windows=archive.windows)
        if entry.kind != "file" or code:
            self._reject(label, code if entry.kind == "file" else entry.kind)
            return None
        limit = self._budget.caps.bytes if _packed(name) else self._budget.caps.entry_bytes
        try:
            written = self._store.member(entry.chunks, entry.packed, limit, label)
        except Broken as broken:
            self._reject(label, broken.code, broken.detail)
            return None
        except Beyond:
            self._reject(label, "too-large")
            return None
        return Member(written.file, prefix + name, label, written.size, written.sha256, entry.facts)

    def _reject(self, label: str, code: str, detail: str = "") -> None:
        self._rejected.append(Rejected(label, code, detail))

    def _drain(self, entry: Entry) -> None:
        try:
            for chunk in entry.chunks:
                self._budget.take(len(chunk))
        except Broken:
            logging.getLogger(__name__).debug("a member that nobody wanted is broken")

    def _inner(self, archive: Archive, members: list[Member], level: int, *, free: bool) -> list[Member]:
        """The members, those that are archives replaced by what is in them."""
        heads = {member.file: head for member in members if known(head := head_of(member.file))}
        if not heads:
            return members
        roots = Roots(Tree(members, ""))
        found: list[Member] = []
        for member in members:
            head = heads.get(member.file, b"")
            if not head or _document(head) or _on_the_machine(member, roots):
                found.append(member)
                continue
            hidden = archive.name == "zip" and member.name.rsplit("/", 1)[-1].lower() == "data.zip"
            packing = free and (hidden or (archive.name == "7z" and head.startswith(b"7z")))
            if level >= self._budget.caps.depth and not packing:
                self._reject(member.shown, "too-deep")
                found.append(member)
                continue
            found += self._opened(member, "" if hidden else f"{member.name}/", level + (not packing), packing=packing)
        return found

    def _opened(self, member: Member, prefix: str, level: int, *, packing: bool) -> list[Member]:
        """What is in a member; the member itself where it cannot be opened."""
        before = len(self._schemes)
        try:
            members = self._open(member.file, prefix, level, free=not packing)
        except Refused as refused:
            if refused.code in _WHOLE or not prefix:
                raise
            if not compressed(head_of(member.file)):
                self._reject(member.shown, refused.code, refused.where)
            return [member]
        if before > 1 and prefix:
            del self._schemes[before:]
        member.file.unlink()
        return members


def _packed(name: str) -> bool:
    """Whether a member by its name is a whole collection, which may be as large as all members together."""
    return name.lower().endswith((".zip", ".7z", ".tar", ".gz", ".zst", ".xz", ".p7b", ".age", ".enc"))


def _document(head: bytes) -> bool:
    return head.startswith(b"PK\3\4") and head[30:].startswith(_DOCUMENTS)


def _on_the_machine(member: Member, roots: Roots) -> bool:
    name = f"/{member.name}"
    return roots.place(member.name) is not None or any(folder in name for folder in _ON_THE_MACHINE)
