"""The form of a raised hand: which product, one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker.approaches.rules import LONGEST_WORDS
from matchmaker.web import BaseForm


class HandForm(BaseForm):
    """One of the products that fit, and what the institution says with it."""

    product = RadioField(_l("用哪个产品"), choices=[], validate_choice=False)
    words = StringField(
        _l("一句话"), description=_l("店主会看到，最多 60 个字。比如：本区有网点，三天内上门。"),
        render_kw={"maxlength": LONGEST_WORDS},
    )  # fmt: skip

    offered: frozenset[str] = frozenset()

    @classmethod
    def offering(cls, products: Sequence[tuple[int, str]]) -> HandForm:
        """The form with the products (id, name) that fit; the only one is chosen."""
        form = cls()
        form.offered = frozenset(str(number) for number, _ in products)
        form.product.choices = [SelectChoice(str(number), name) for number, name in products]
        if not form.product.data and len(products) == 1:
            form.product.data = str(products[0][0])
        return form

    @property
    def product_id(self) -> int | None:
        """The product chosen, of those offered."""
        return int(self.product.data) if self.product.data in self.offered else None
