"""Official names of trades on pages of either language."""

from __future__ import annotations

from typing import Any

import pytest
from flask_babel import force_locale

from matchmaker.accounts.views import trade


@pytest.mark.parametrize(
    ("code", "language", "expected"),
    [("6210", "en", '<span lang="zh-CN">正餐服务</span>'), ("62", "en", "Catering"), ("6210", "zh", "正餐服务")],
)
def test_a_chinese_name_on_an_english_page_says_its_language(app: Any, code: str, language: str, expected: str) -> None:
    with app.test_request_context(), force_locale(language):
        assert str(trade(code)).startswith(expected)
