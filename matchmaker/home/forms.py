"""The eight questions of "check first": no name, no telephone, and "not sure" is an answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker.formatting import language
from matchmaker.needs.rules import (
    AGES,
    CHECK_TERMS,
    KINDS,
    SECURITY_CHOICES,
    TRADES,
    TURNOVERS,
    UNSURE,
    Answers,
    amount_reason,
    read_amount,
)
from matchmaker.reference import regions
from matchmaker.refusal import Reason
from matchmaker.web import BaseForm, ChecksField, label, sentence

MOST_PLACES = 8
CHECK_SECURITIES = ("none", "home", "premises", "equipment", "vehicle", "receivable", "stock", "unsure")


class _Labelled:
    """Words of a code that are looked up when they are shown: the group belongs to another subject."""

    def __init__(self, group: str, code: str) -> None:
        self.group, self.code = group, code

    def __str__(self) -> str:
        return label(self.group, self.code)


def _choices(group: str, codes: Iterable[str]) -> list[SelectChoice]:
    return [SelectChoice(code, _Labelled(group, code)) for code in codes]


def _picks(text: Any, group: str, codes: Iterable[str]) -> RadioField:
    return RadioField(text, choices=_choices(group, codes), validate_choice=False)


class CheckForm(BaseForm):
    """At most eight questions; every one may be left open."""

    kind = _picks(_l("1. 您是哪一种？"), "check.kind", KINDS)
    age = _picks(_l("2. 开业多久了？"), "check.age", (*AGES, UNSURE))
    trade = _picks(_l("3. 做哪一行？"), "check.trade", (*TRADES, UNSURE))
    place = StringField(_l("4. 店在哪个区县？"))
    place_code = RadioField(_l("是哪一处？"), choices=[], validate_choice=False)
    turnover = _picks(_l("5. 去年大概做了多少生意？"), "check.turnover", (*TURNOVERS, UNSURE))
    amount = StringField(_l("6. 想用多少钱？"))
    amount_unit = HiddenField()
    term = _picks(_l("7. 想用多久？"), "check.term", (*CHECK_TERMS, UNSURE))
    securities = ChecksField(
        _l("8. 有没有能抵押的？"), choices=_choices("need.security", CHECK_SECURITIES), validate_choice=False
    )

    answers: Answers | None = None

    @classmethod
    def showing(cls, answers: Answers | None) -> CheckForm:
        """The form with what was answered before, or empty."""
        unit = "yuan" if language() == "en" else "wan"
        if answers is None:
            return cls(formdata=None, data={"amount_unit": unit})
        amount = answers.amount_yuan
        shown = "" if amount is None else f"{(amount / (1 if unit == 'yuan' else 10_000)).normalize():,f}"
        region = regions.get(answers.region_code.ljust(6, "0"))
        form = cls(
            formdata=None,
            data={
                "kind": answers.kind, "age": answers.age, "trade": answers.trade, "turnover": answers.turnover,
                "term": answers.term, "securities": list(answers.securities), "amount": shown,
                "amount_unit": unit, "place": region.full_name if region else "", "place_code": answers.region_code,
            },
        )  # fmt: skip
        if region:
            form.place_code.choices = [SelectChoice(answers.region_code, region.full_name)]
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the two typed answers; the others are right as they are, an unknown code is "not sure"."""
        good = super().validate(extra_validators)
        amount = self._read_amount()
        region_code = self._read_place()
        ticked = [choice for choice in self.securities.data or [] if choice in SECURITY_CHOICES]
        if len(ticked) > 1 and {"none", UNSURE} & set(ticked):
            self.securities.errors = [sentence(Reason("need_security_contradicts"))]
        if not good or self.amount.errors or self.place.errors or self.place_code.errors or self.securities.errors:
            return False
        self.answers = Answers(
            kind=_known(self.kind, KINDS), age=_known(self.age, AGES), trade=_known(self.trade, TRADES),
            turnover=_known(self.turnover, TURNOVERS), term=_known(self.term, CHECK_TERMS),
            securities=tuple(ticked) or (UNSURE,), region_code=region_code, amount_yuan=amount,
        )  # fmt: skip
        return True

    def _read_amount(self) -> Any:
        if not (self.amount.data or "").strip():
            return None
        amount = read_amount(self.amount.data or "", self.amount_unit.data or "wan")
        reason = amount if isinstance(amount, Reason) else amount_reason(amount)
        if reason is not None:
            self.amount.errors = [sentence(reason)]
            return None
        return amount

    def _read_place(self) -> str:
        """The digits of the region meant, or "" while it is not clear which."""
        text = (self.place.data or "").strip()
        if not text:
            return ""
        found = places_called(text)
        self.place_code.choices = [SelectChoice(code, name) for code, name in found]
        if not found:
            self.place.errors = [sentence(Reason("check_region_not_found", {"typed": text[:40]}))]
            return ""
        if len(found) == 1:
            return found[0][0]
        chosen = next((code for code, _ in found if code == self.place_code.data), None)
        if chosen is None:
            self.place_code.errors = [sentence(Reason("check_region_several"))]
        return chosen or ""


def _known(field: RadioField, codes: Collection[str]) -> str:
    return str(field.data) if field.data in codes else UNSURE


def places_called(text: str) -> list[tuple[str, str]]:
    """Regions that ``text`` may mean, as (digits that codes inside begin with, full name); a whole city counts.

    One entry when the text is a full name or fits one place only.
    """
    wanted = text.strip().replace(" ", "")
    found = regions.search(text, MOST_PLACES) or _searched_in_two(wanted)
    cities = {city.code: city for place in found if (city := regions.city_of(place.code)) is not None}
    named = [city for city in cities.values() if wanted in (city.name, city.name.removesuffix("市"), city.full_name)]
    every = [*named, *(place for place in found if place not in named)]
    exact = [region for region in every if region.full_name.replace(" ", "") == wanted]
    return [(regions.prefix(region.code), region.full_name) for region in (exact or every)[:MOST_PLACES]]


def _searched_in_two(text: str) -> list[regions.Region]:
    """Places for two names written as one word, city first: 杭州西湖."""
    for cut in range(2, len(text) - 1):
        if found := regions.search(f"{text[:cut]} {text[cut:]}", MOST_PLACES):
            return found
    return []
