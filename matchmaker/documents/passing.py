"""At the edge: takes an upload before the transaction begins, and hands a stored paper out safely."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, g, request

from matchmaker.documents import queries
from matchmaker.documents.models import Document
from matchmaker.documents.rules import LARGEST_BYTES, PDF, CheckedFile, check_file
from matchmaker.refusal import Refused


def take_upload(field: str = "file") -> None:
    """For ``before_transaction``: read and check the uploaded file while no lock is held.

    The result, a CheckedFile or a Refused, waits in ``g`` for ``taken``.
    """
    upload = request.files.get(field)
    try:
        if upload is None or not upload.filename:
            raise Refused("file_missing", field=field, status=422)
        g.upload = check_file(upload.filename, upload.stream.read(LARGEST_BYTES + 1), field)
    except Refused as no:
        g.upload = no


def taken() -> CheckedFile:
    """The file that ``take_upload`` checked. Raises the Refused that it met."""
    found = g.upload
    if isinstance(found, Refused):
        raise found
    assert isinstance(found, CheckedFile)
    return found


def hand_out(document: Document) -> Response | None:
    """The paper as an answer that can neither run anything nor be kept by caches; None when its content is gone.

    Images show in the page; a PDF is saved, since a sandboxed one is not drawn by every browser.
    """
    content = queries.content_of(document)
    if content is None:
        return None
    manner = "attachment" if document.media_type == PDF else "inline"
    answer = Response(content, mimetype=document.media_type)
    ascii_name = document.filename.encode("ascii", "replace").decode().replace("?", "_").replace('"', "")
    answer.headers["Content-Disposition"] = (
        f"{manner}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(document.filename)}"
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
