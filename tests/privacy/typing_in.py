"""Typing into forms as a browser with scripts off does."""

from __future__ import annotations

import re
from typing import Any


def post(client: Any, path: str, opened: str | None = None, **typed: Any) -> Any:
    """Open a page, take its token, and post what is typed there."""
    page = client.get(opened or path).get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, f"no form on {opened or path}"
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', page)
    return client.post(path, data={"csrf_token": token.group(1), "form_key": key.group(1) if key else "k", **typed})
