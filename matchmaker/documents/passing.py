"""At the edge: takes an upload before the transaction begins, and hands a stored paper out safely."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, current_app, g, request
from flask_babel import gettext as _

from matchmaker.documents import queries
from matchmaker.documents.models import Document
from matchmaker.documents.rules import LARGEST_BYTES, PDF, CheckedFile, check_file
from matchmaker.documents.scanner import scanner_in_use
from matchmaker.refusal import Refused
from matchmaker.web import said


def take_upload(*fields: str) -> None:
    """For ``before_transaction``: read and check the uploaded file while no lock is held.

    ``fields``: the file fields of the form, one of which is filled: a camera and a choice of files ("file" alone if
    none is named). The result, a CheckedFile or a Refused, waits in ``g`` for ``taken``.
    """
    fields = fields or ("file",)
    settings = current_app.config["SETTINGS"]
    filled = [name for name in fields if (upload := request.files.get(name)) is not None and upload.filename]
    try:
        if not filled:
            raise Refused("file_missing", field=fields[-1], status=422)
        if len(filled) > 1:
            raise Refused("file_one_only", field=fields[-1], status=422)
        upload = request.files[filled[0]]
        g.upload = check_file(
            upload.filename or "",
            upload.stream.read(LARGEST_BYTES + 1),
            filled[0],
            scanner=scanner_in_use(),
            most_bytes=min(LARGEST_BYTES, settings.paper_largest_mb * 1024 * 1024),
            most_pages=settings.paper_most_pages,
        )
    except Refused as no:
        g.upload = no


def photo_or_file() -> None:
    """For ``before_transaction`` of a form with a camera and a choice of files."""
    take_upload("photo", "file")


def taken() -> CheckedFile:
    """The file that ``take_upload`` checked; whoever sent it is told what was taken out. Raises the Refused it met."""
    found = g.upload
    if isinstance(found, Refused):
        raise found
    assert isinstance(found, CheckedFile)
    if found.lost_something:
        said(_("这个 PDF 里的附件、脚本去掉了，只留下看得见的几页。"))
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


def hand_out_small(document: Document) -> Response | None:
    """The small picture of a photo or of a PDF's first page, with the same care; None where there is none."""
    content = queries.thumbnail_of(document)
    if content is None:
        return None
    answer = Response(content, mimetype="image/jpeg")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
