"""One's own papers: looking at what one has sent. Papers of a case are read through that case's pages."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from matchmaker.documents import queries
from matchmaker.documents.models import Document
from matchmaker.documents.passing import hand_out
from matchmaker.web import requires

bp = Blueprint("documents", __name__, url_prefix="/documents")


def load_document(document_id: int) -> Document | None:
    return queries.document_by_id(document_id)


@bp.get("/<int:document_id>")
@requires("document.read", load=load_document)
def read(document: Document) -> Response:
    """The paper itself, for whoever sent it."""
    answer = hand_out(document)
    if answer is None:
        raise NotFound
    return answer
