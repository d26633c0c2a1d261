"""The calculators' questions and answers as JSON Schema; written out, because the rules tie keys to each other."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from matchmaker.pricing.cashflows import NEEDS_PARAM, Repayment
from matchmaker.tools.rules import (
    DAY_COUNTS,
    MOST_BALLOON_MONTHS,
    MOST_FLOWS,
    MOST_MONTHS,
    MOST_PERCENT,
    MOST_STAFF,
    MOST_YUAN,
    sized_codes,
)

Schema = dict[str, Any]

EMPTY: Schema = {"enum": [None, ""], "description": "Empty counts as missing"}
_PLACES = r"(?:\.[0-9]{1,10})?"
_NO_PLACES = r"(?:\.0{1,10})?"


def _up_to(most: Decimal) -> str:
    """Text of a figure from 0 to a power of ten."""
    digits = len(str(int(most)))
    return rf"(?:0|[1-9][0-9]{{0,{digits - 2}}}){_PLACES}|{int(most)}{_NO_PLACES}"


def _above_up_to(most: Decimal) -> str:
    """Text of a figure above 0 up to a power of ten."""
    digits = len(str(int(most)))
    return (
        rf"[1-9][0-9]{{0,{digits - 2}}}{_PLACES}|0\.(?:[1-9][0-9]{{0,9}}|0[0-9]{{0,8}}[1-9])"
        rf"|{int(most)}{_NO_PLACES}"
    )


def _figure(pattern: str, description: str, *, empty: bool = True, **bounds: Any) -> Schema:
    """A number within bounds, or its text, or empty."""
    kinds: list[Schema] = [bounds, {"type": "string", "pattern": f"^(?:{pattern})$"}]
    return {"anyOf": kinds + ([EMPTY] if empty else []), "description": description}


def _number(least: Decimal | int, most: Decimal | int, kind: str = "number", *, above: bool = False) -> Schema:
    return {"type": kind, "exclusiveMinimum" if above else "minimum": int(least), "maximum": int(most)}


def _amount(description: str) -> Schema:
    return _figure(_up_to(MOST_YUAN), description, **_number(0, MOST_YUAN))


MONTHS = rf"(?:[1-9][0-9]?|[1-5][0-9]{{2}}|{MOST_MONTHS}){_NO_PLACES}"
BALLOON_MONTHS = rf"(?:[1-9][0-9]{{0,2}}|1[01][0-9]{{2}}|{MOST_BALLOON_MONTHS}){_NO_PLACES}"
RATE = _figure(_up_to(MOST_PERCENT), "Nominal rate, percent a year; empty = 0", **_number(0, MOST_PERCENT))

_LOAN: Schema = {
    "principal": _figure(
        _above_up_to(MOST_YUAN), "Yuan, above 0 to 10^12", empty=False, **_number(0, MOST_YUAN, above=True)
    ),
    "months": _figure(MONTHS, "1 to 600", empty=False, **_number(1, MOST_MONTHS, "integer")),
    "nominal_rate_pct": RATE,
    "upfront_fee": _amount("The lender's fee on the day of pay-out, yuan"),
    "monthly_fee": _amount("The lender's fee each month, yuan"),
    "guarantee_fee_upfront": _amount("Guarantee fee on the day of pay-out, yuan"),
    "guarantee_fee_yearly": _amount("Guarantee fee in months 12, 24 ... before the end, yuan"),
    "insurance_premium": _amount("Insurance premium on the day of pay-out, yuan"),
    "deposit_withheld": _amount("Deposit withheld from the pay-out, returned with the last payment, yuan"),
}


def _loan(title: str, repayments: list[Repayment], param: Schema, *, needed: bool) -> Schema:
    required = ["principal", "months", "repayment"] + (["method_param"] if needed else [])
    return {
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": {**_LOAN, "repayment": {"enum": [str(code) for code in repayments]}, "method_param": param},
    }


_ON = (
    r"(?:(?:19|20)[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:19|20)(?:0[48]|[2468][048]|[13579][26])-02-29|2000-02-29)"
)
_FLOW = rf"{_ON}:(?:-?(?:0|[1-9][0-9]{{0,11}}){_PLACES}|-?1000000000000{_NO_PLACES})"

COST_QUESTION: Schema = {
    "title": "AllInCostQuestion",
    "anyOf": [
        _loan(
            "Loan",
            [code for code in Repayment if code not in NEEDS_PARAM],
            _figure(BALLOON_MONTHS + "|0", "Not read here", **_number(0, MOST_BALLOON_MONTHS)),
            needed=False,
        ),
        _loan(
            "LoanWithParts",
            [Repayment.INT_M_PART],
            _figure(
                _above_up_to(Decimal(100)),
                "Percent repaid in months 12, 24 ...",
                empty=False,
                **_number(0, 100, above=True),
            ),
            needed=True,
        ),
        _loan(
            "LoanWithBalloon",
            [Repayment.BALLOON],
            _figure(
                BALLOON_MONTHS,
                "Months over which the instalment is computed, not fewer than `months`",
                empty=False,
                **_number(1, MOST_BALLOON_MONTHS, "integer"),
            ),
            needed=True,
        ),
        {
            "title": "DatedFlows",
            "type": "object",
            "additionalProperties": False,
            "required": ["cashflows"],
            "properties": {
                "cashflows": {
                    "description": "date:amount entries, 2 to 2,000; received positive, paid negative",
                    "anyOf": [
                        {"type": "string", "pattern": rf"^{_FLOW}(?:;{_FLOW}){{1,{MOST_FLOWS - 1}}}$"},
                        {
                            "type": "array",
                            "minItems": 2,
                            "maxItems": MOST_FLOWS,
                            "items": {"type": "string", "pattern": f"^{_FLOW}$"},
                        },
                    ],
                },
                "nominal_rate_pct": RATE,
                "day_count": {"enum": [*DAY_COUNTS, "", None], "description": "How the interest was counted"},
            },
        },
    ],
}

_YUAN: Schema = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$"}
_RATE: Schema = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{8}$"}


def _closed(title: str, properties: Schema) -> Schema:
    return {
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


COST_ANSWER: Schema = {
    "title": "AllInCost",
    "anyOf": [
        _closed(
            "LoanCost",
            {
                **dict.fromkeys(
                    ("total_interest", "total_lender_fees", "total_third_party", "total_cost", "first_payment"), _YUAN
                ),
                **dict.fromkeys(
                    (
                        "apr_interest_only_pct",
                        "apr_lender_simple_pct",
                        "apr_lender_effective_pct",
                        "apr_all_in_simple_pct",
                        "apr_all_in_effective_pct",
                    ),
                    _RATE,
                ),
                "cashflows_all_in": {
                    "type": "string",
                    "description": "The borrower's flows, month 0 to n, by semicolon",
                },
            },
        ),
        _closed(
            "DatedCost",
            {
                "total_cost": _YUAN,
                "effective_annual_pct_xirr365": _RATE,
                "monthly_equiv_x12_pct": _RATE,
                "nominal_times_365_over_360_pct": _RATE,
            },
        ),
    ],
}


def _any_of(words: Iterable[str]) -> str:
    """The shortest plain pattern that matches these words and no other, by their first letters."""
    ends = False
    below: dict[str, list[str]] = {}
    for word in sorted(words):
        ends = ends or not word
        if word:
            below.setdefault(word[0], []).append(word[1:])
    tails: dict[str, list[str]] = {}
    for letter, rest in below.items():
        tails.setdefault(_any_of(rest), []).append(letter)
    parts = [(letters[0] if len(letters) == 1 else f"[{''.join(letters)}]") + tail for tail, letters in tails.items()]
    if not parts:
        return ""
    return f"(?:{'|'.join(parts)})" + ("?" if ends else "")


SIZE_QUESTION: Schema = {
    "title": "SizeClassQuestion",
    "type": "object",
    "additionalProperties": False,
    "required": ["gbt_code"],
    "properties": {
        "gbt_code": {
            "description": "GB/T 4754-2017: a class, or a code above it whose classes are all measured alike",
            "type": "string",
            "pattern": f"^{_any_of(sized_codes())}$",
        },
        "employees": _figure(
            rf"(?:0|[1-9][0-9]{{0,8}}|{MOST_STAFF}){_NO_PLACES}",
            "Staff at year end; empty = not known",
            **_number(0, MOST_STAFF, "integer"),
        ),
        "revenue_wan": _amount("Revenue of the year, 10,000 yuan; empty = not known"),
        "assets_wan": _amount("Total assets, 10,000 yuan; empty = not known"),
    },
}

_SIZES = ["large", "medium", "small", "micro"]
SIZE_ANSWER: Schema = _closed(
    "SizeClass",
    {
        "expected_size": {"enum": [*_SIZES, "unclassified", "out_of_scope"]},
        "group_code": {"type": "string", "description": "Group of the standard; empty when out of scope"},
        "fallback_size": {
            "enum": [*_SIZES, None],
            "description": "The declared convention, where the standard is silent",
        },
        "working": {
            "type": "array",
            "items": _closed("Step", {"code": {"type": "string"}, "text": {"type": "string"}}),
        },
    },
)

PROBLEM: Schema = {
    "title": "Problem",
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "string", "description": "invalid_input, no_unique_rate, bad_request …"},
        "message": {"type": "string"},
        "field": {"type": "string", "description": "The first key that is wrong"},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}

COST_EXAMPLES: Schema = {
    "loan": {
        "summary": "300,000 yuan over 12 months with a guarantee fee",
        "value": {
            "principal": "300000",
            "months": 12,
            "nominal_rate_pct": "3.45",
            "repayment": "EQ_INST",
            "guarantee_fee_upfront": "1500",
        },
    },
    "flows": {
        "summary": "500,000 yuan used for ten days",
        "value": {
            "cashflows": "2026-05-11:500000;2026-05-21:-500534.72",
            "nominal_rate_pct": "3.85",
            "day_count": "actual/360",
        },
    },
}
SIZE_EXAMPLES: Schema = {
    "restaurant": {
        "summary": "A restaurant",
        "value": {"gbt_code": "6210", "employees": 12, "revenue_wan": "92", "assets_wan": ""},
    }
}


def body(schema: Schema, examples: Schema) -> Schema:
    """The request body of an operation."""
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}}
