"""Files that a form sends: bounded, and never under a name on the disk."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from iocmarket.api.spool import IN_MEMORY

TOO_LARGE = "iocmarket.upload_too_large"
"""Set in the request's META when a file was longer than may be; the file itself is then not there."""


class BoundedUpload(FileUploadHandler):
    """Keeps a file of at most BULK_MAX_BYTES in memory, or in a temporary file without a name."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins."""
        super().new_file(*args, **kwargs)
        self._held = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed with the upload)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Raises SkipFile for one that is too long: the fields after it are still read."""
        if start + len(raw_data) > settings.BULK_MAX_BYTES:
            self._held.close()
            if self.request is not None:
                self.request.META[TOO_LARGE] = True
            raise SkipFile
        self._held.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        """The file, ready to be read."""
        self._held.seek(0)
        return UploadedFile(
            file=cast("IO[bytes]", self._held), name=self.file_name, content_type=self.content_type, size=file_size,
            charset=self.charset, content_type_extra=self.content_type_extra,
        )  # fmt: skip
