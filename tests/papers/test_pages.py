"""The pages of the folder."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from matchmaker.accounts.models import Person
from matchmaker.businesses.models import BusinessPaper
from matchmaker.db import db, unit_of_work
from matchmaker.documents.queries import content_of
from matchmaker.papers import queries, services
from matchmaker.papers.models import FolderPaper
from tests.builders import a_manager, an_operator, an_owner, sign_in
from tests.businesses.builders import a_business, a_pdf, a_picture
from tests.documents.test_rules import EICAR
from tests.papers.builders import a_paper
from tests.promises.page_checks import problems_of


def token_of(client: Any, path: str) -> str:
    page: str = client.get(path).get_data(as_text=True)
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def test_an_owner_puts_in_replaces_and_takes_out(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        path = f"/businesses/{a_business(owner).id}/folder"
    client = app.test_client()
    sign_in(client, owner)
    assert client.get("/papers").location == path
    assert "夹子还是空的" in client.get(path).get_data(as_text=True)
    token = token_of(client, path)

    def post(to: str, key: str, **values: Any) -> Any:
        return client.post(to, data={"csrf_token": token, "form_key": key, **values})

    assert post(path, "k1", kind="LICENCE", note="柳桥街的店", photo=(io.BytesIO(a_picture()), "a.jpg")).status_code == 303
    again = post(path, "k2", kind="LEASE", note="没丢", file=(io.BytesIO(a_picture()), "b.jpg"))
    assert again.status_code == 422
    assert "已经在资料夹里了：营业执照" in again.get_data(as_text=True)
    assert 'value="没丢"' in again.get_data(as_text=True)
    for field, content, words in (
        ("photo", EICAR, "带有病毒"), ("file", a_picture() + EICAR, "带有病毒"), ("file", b"MZ", "只收照片"),
    ):  # fmt: skip
        answer = post(path, "k3", kind="LEASE", **{field: (io.BytesIO(content), "a.jpg")})
        assert (answer.status_code, words in answer.get_data(as_text=True)) == (422, True)
    both = post(path, "k4", kind="LEASE", photo=(io.BytesIO(a_picture()), "a.jpg"), file=(io.BytesIO(a_pdf()), "a.pdf"))
    assert "一次只传一份" in both.get_data(as_text=True)
    assert "请选一个文件" in post(path, "k5", kind="LEASE").get_data(as_text=True)

    with app.app_context():
        (paper,) = db.session.query(FolderPaper).all()
        number = paper.id
        db.session.rollback()
    page = client.get(path + "?q=柳桥").get_data(as_text=True)
    assert f"/folder/{number}/small" in page
    assert "没有找到" in client.get(path + "?q=nothing").get_data(as_text=True)
    small = client.get(f"/folder/{number}/small")
    assert (small.mimetype, small.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    assert client.get(f"/folder/{number}/content").status_code == 200

    newer = post(f"/folder/{number}/newer", "k6", file=(io.BytesIO(a_pdf()), "新执照.pdf"))
    assert newer.status_code == 303
    assert client.get(f"/folder/{number}").status_code == 404
    page = client.get(newer.location).get_data(as_text=True)
    assert "新执照.pdf" in page
    fresh = newer.location.rsplit("/", 1)[1]
    assert client.get(f"/folder/{fresh}/small").mimetype == "image/jpeg"
    assert f"/folder/{fresh}/small" in page
    assert post(f"/folder/{fresh}", "k7", kind="LICENCE", expires_on="2020-1-1", row_version="1").status_code == 422
    assert post(f"/folder/{fresh}", "k7", kind="LEASE", note="x", row_version="1").status_code == 303
    assert "删掉就找不回来" in client.get(f"/folder/{fresh}/out").get_data(as_text=True)
    assert post(f"/folder/{fresh}/out", "k8").status_code == 303
    assert client.get(f"/folder/{fresh}/content").status_code == 404


@pytest.mark.article("B.1")
def test_a_folder_does_not_exist_for_anybody_else(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        shop = a_business(owner, standing="checked")
        paper = a_paper(shop, owner)
        others = [an_owner(), a_manager(), an_operator()]
        paths = [
            f"/businesses/{shop.id}/folder", f"/folder/{paper.id}", f"/folder/{paper.id}/content",
            f"/folder/{paper.id}/small", f"/folder/{paper.id}/out",
        ]  # fmt: skip
    for other in others:
        client = app.test_client()
        sign_in(client, other)
        assert [client.get(path).status_code for path in paths] == [404] * 5
    with app.app_context():
        assert len(queries.folder_of(shop, owner)) == 1


def test_the_page_leads_back_to_this_site_only(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        path = f"/businesses/{a_business(owner).id}/folder"
    client = app.test_client()
    sign_in(client, owner)
    assert 'href="/needs/3/send/4"' in client.get(path + "?back=/needs/3/send/4").get_data(as_text=True)
    for elsewhere in ("https://evil.example/needs/", "//evil.example/needs/", "/needs//evil.example", "/needs/\\evil"):
        page = client.get(path, query_string={"back": elsewhere}).get_data(as_text=True)
        assert not re.search(r'href="[^"]*evil', page)


@pytest.mark.article("B.1")
def test_a_paper_of_the_folder_proves_who_one_is_and_the_licence_goes_the_other_way(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner, other = an_owner(), an_owner()
        business, second = a_business(owner), a_business(other)
        paper = a_paper(business, owner)
        strange = a_paper(second, other)
        here, numbers, third = f"/businesses/{business.id}", (paper.id, strange.id), f"/businesses/{second.id}"
    client = app.test_client()
    sign_in(client, owner)
    address = f"{here}/folder/proofs/licence"
    assert address in client.get(f"{here}/papers").get_data(as_text=True)
    page = client.get(address).get_data(as_text=True)
    assert problems_of(page) == []
    assert f"/folder/{numbers[0]}/prove/licence" in page
    assert client.get(f"{here}/folder/proofs/letter").status_code == 404, "an owner needs no letter"
    data = {"csrf_token": token_of(client, address), "form_key": "p1"}
    assert client.post(f"/folder/{numbers[1]}/prove/licence", data=data).status_code == 404
    assert client.post(f"/folder/{numbers[0]}/prove/letter", data=data).status_code == 422
    assert client.post(f"/folder/{numbers[0]}/prove/licence", data=data).status_code == 303
    assert "等平台核对" in client.get(here).get_data(as_text=True)
    with app.app_context(), unit_of_work():
        (proof,) = db.session.query(BusinessPaper).all()
        kept = db.session.get_one(FolderPaper, numbers[0])
        assert proof.document_id != kept.document_id
        services.take_out(kept, by=db.session.get_one(Person, owner.id))
        assert content_of(proof.document) is not None, "what proves stays until its check"
    # the other way: the folder has no licence any more, the platform has
    folder = f"{here}/folder"
    assert f"{folder}/from-proofs" in client.get(folder).get_data(as_text=True)
    data = {"csrf_token": token_of(client, folder), "form_key": "p2"}
    assert client.post(f"{folder}/from-proofs", data=data).status_code == 303
    page = client.get(folder).get_data(as_text=True)
    assert f"{folder}/from-proofs" not in page
    assert "营业执照" in page
    assert client.post(f"{third}/folder/from-proofs", data={**data, "form_key": "p3"}).status_code == 404
