"""Every reason and refusal of reference, documents and businesses has a sentence, and its facts fit it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import matchmaker
from matchmaker.businesses import rules, words
from matchmaker.documents import words as document_words
from matchmaker.reference import rules as reference
from matchmaker.reference import words as reference_words
from matchmaker.refusal import Reason
from matchmaker.web import known_sentences, sentence
from tests.businesses.test_rules import facts

FOLDER = Path(matchmaker.__file__).parent
OWN = {**reference_words.SENTENCES, **document_words.SENTENCES, **words.SENTENCES}


def codes_in_the_sources() -> set[str]:
    found: set[str] = set()
    for subject in ("reference", "documents", "businesses"):
        for file in (FOLDER / subject).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            found |= set(re.findall(r'\b(?:Refused|Reason|Unfit)\(\s*"([a-z0-9_]+)"', text))
    return found


def test_every_code_has_a_sentence(app: Any) -> None:
    assert codes_in_the_sources() <= set(known_sentences())


def test_every_size_and_indicator_has_its_sentences() -> None:
    for indicator in ("employees", "revenue", "assets"):
        assert f"size_{indicator}_missing" in OWN
        for size in reference.SIZES:
            assert f"size_{indicator}_{size}" in OWN
    for size in reference.SIZES:
        assert {f"size_is_{size}", f"size_fallback_{size}"} <= set(OWN)


def test_no_sentence_is_left_over() -> None:
    told = {"document_told_infected", "papers_checked", "papers_rejected", "title_verified", "title_refuted"}
    told |= {"claim_told_holder", "claim_decided", "case_is_due"}
    told |= {"mandate_invitation", "mandate_accepted", "mandate_changed", "mandate_ended"}
    computed = {code for code in OWN if code.startswith(("size_", "product_words_"))} | {"business_yours_already", "business_exists"}
    assert set(OWN) - codes_in_the_sources() - told - computed == set()


def test_workings_warnings_and_gaps_are_written_whole(app: Any) -> None:
    """Each sentence finds its facts: a missing one would raise KeyError."""
    bare = facts(
        kind="enterprise",
        founded_on=date(2026, 1, 1),
        last_equity_change_on=date(2026, 2, 1),
        has_flow_evidence=False,
        tax_grade="D",
        years=(rules.YearFacts(2025, 8, Decimal(1000), Decimal(10)),),
        lines=(rules.LineFacts("loan", Decimal(900), Decimal(5), date(2027, 1, 1)),),
    )
    found: list[Reason] = [*rules.warnings(bare), *rules.missing(bare), *rules.missing(facts(years=()))]
    for code in ("6210", "8391", "7111", "3311"):
        for figures in ((8, Decimal(90), None), (None, None, None), (5000, Decimal(900_000), Decimal(900_000))):
            found += reference.size_class(code, *figures).working
    with app.test_request_context():
        for reason in found:
            text = sentence(reason)
            assert "%(" not in text and text
        shown = sentence(Reason("text_placeholder", {"typed": "100%"}))
        assert "100%" in shown
        assert sentence(Reason("papers_rejected", {"business": "店", "remark": "label:business.remark:cut_off"}))


def test_forbidden_words_do_not_stand() -> None:
    texts = [str(text) for text in OWN.values()]
    texts += [file.read_text(encoding="utf-8") for file in (FOLDER.parent / "templates").glob("*/*.html")]
    for word in ("信用分", "信用评级", "征信评分", "预授信", "秒批", "包过"):
        assert not [text for text in texts if word in text]
