"""Keeping, reading and destroying papers."""

from __future__ import annotations

from typing import Any

import pytest

from matchmaker.db import db, unit_of_work
from matchmaker.documents import queries, services
from matchmaker.documents.models import DocumentContent
from matchmaker.documents.rules import check_file
from matchmaker.refusal import Refused
from tests.builders import a_manager, an_operator, an_owner, sign_in
from tests.businesses.builders import a_pdf, a_picture


def test_a_kept_paper_is_read_to_the_byte(any_app: Any) -> None:
    file = check_file("执照.jpg", a_picture("red"))
    with any_app.app_context():
        with unit_of_work():
            document = services.keep(file, kind="licence", by=an_owner())
        assert queries.content_of(document) == file.content
        assert queries.thumbnail_of(document) == file.thumbnail
        assert (document.filename, document.size_bytes) == ("执照.jpg", len(file.content))


def test_an_unknown_kind_is_refused(app: Any) -> None:
    with app.app_context(), pytest.raises(Refused) as refused, unit_of_work():
        services.keep(check_file("a.jpg", a_picture()), kind="selfie", by=an_owner())
    assert refused.value.code == "document_kind_unknown"


def test_destroying_takes_the_content_and_keeps_the_skeleton(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            owner = an_owner()
            document = services.keep(check_file("周桂兰.jpg", a_picture()), kind="licence", by=owner)
        with unit_of_work():
            document = db.session.merge(document)
            services.destroy(document, by=owner)
            services.destroy(document, by=owner)
        assert queries.document_by_id(document.id) is None
        assert queries.content_of(document) is None
        assert db.session.query(DocumentContent).count() == 0
        assert "周桂兰" not in document.filename
        assert document.sha256


def test_only_the_sender_opens_a_paper(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner, other = an_owner(), an_owner()
        operator, manager = an_operator(), a_manager()
        document = services.keep(check_file("执照.jpg", a_picture()), kind="licence", by=owner)
        pdf = services.keep(check_file('流"水\r\n.pdf', a_pdf()), kind="statement", by=owner)
        path, pdf_path = f"/documents/{document.id}", f"/documents/{pdf.id}"
    for stranger in (other, operator, manager):
        client = app.test_client()
        sign_in(client, stranger)
        assert client.get(path).status_code == 404
    assert app.test_client().get(path).status_code == 302
    client = app.test_client()
    sign_in(client, owner)
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.data == check_file("执照.jpg", a_picture()).content
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("inline;")
    answer = client.get(pdf_path)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert client.get("/documents/999999").status_code == 404
