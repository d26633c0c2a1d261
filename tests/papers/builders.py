"""Papers in folders for tests; call them inside `with app.app_context(), unit_of_work():`."""

from __future__ import annotations

from datetime import date

from matchmaker.accounts.models import Person
from matchmaker.businesses.models import Business
from matchmaker.documents.rules import check_file
from matchmaker.papers import services
from matchmaker.papers.models import FolderPaper
from tests.businesses.builders import a_picture


def a_paper(
    business: Business, by: Person, kind: str = "LICENCE", *, colour: str = "white", expires_on: date | None = None
) -> FolderPaper:
    """A photo of one colour in the folder: two of the same colour are the same file."""
    return services.put_in(
        business, check_file(f"{kind}.jpg", a_picture(colour)), kind=kind, expires_on=expires_on, by=by
    )
