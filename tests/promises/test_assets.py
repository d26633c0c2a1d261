"""Browser files: all in place, as locked, compressed, light, and only icons that exist."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from tools import assets

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
TEXTS = [file for file in sorted(STATIC.rglob("*")) if file.suffix in {".css", ".js", ".svg"}]


def test_every_locked_file_is_there_as_locked() -> None:
    for name, entry in json.loads((ROOT / "requirements" / "assets.lock.json").read_text()).items():
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == entry["sha256"], name


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: str(file.relative_to(STATIC)))
def test_a_compressed_copy_is_the_same_text(file: Path) -> None:
    packed = file.with_name(file.name + ".gz")
    if packed.exists() and packed.stat().st_mtime_ns == file.stat().st_mtime_ns:
        assert gzip.decompress(packed.read_bytes()) == file.read_bytes()
    else:
        pytest.fail(f"{packed.name} is missing or older than its text: `make assets`")


def test_every_icon_in_use_exists_and_is_in_the_sprite() -> None:
    names = assets.icons_in_use(ROOT / "templates")
    sprite = (STATIC / "vendor" / "icons.svg").read_text(encoding="utf-8")
    assert names <= set(re.findall(r'<symbol [^>]*\bid="([^"]+)"', sprite)), "`make assets` draws it anew"
    assert len(names) < 80, "a sprite of everything would break the budget of the first view"


def test_an_icon_that_does_not_exist_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    page = tmp_path / "page.html"
    page.write_text("{{ icon('clock') }} <use href=\"/static/vendor/icons.svg#lock\"/> {% set x = 'telephone' %}")
    assert {"clock", "lock", "telephone"} <= assets.icons_in_use(tmp_path)
    page.write_text("{{ icon('no-such-icon') }}")
    with pytest.raises(assets.Wrong, match="no-such-icon"):
        assets.icons_in_use(tmp_path)


def test_styles_and_scripts_leave_room_in_the_first_view() -> None:
    """As sent: at most 100 kB for the first view, at most 30 kB of it scripts; pages take 5 to 20 kB unpacked."""
    packed = {file: (file.with_name(file.name + ".gz")).stat().st_size for file in TEXTS}
    assert sum(packed.values()) < 75_000
    assert sum(size for file, size in packed.items() if file.suffix == ".js") < 30_000


def test_only_our_own_texts_are_in_the_tree() -> None:
    assert "/static/vendor/" in (ROOT / ".gitignore").read_text().splitlines()
    for group in ("run", "test", "lint", "assets"):
        assert "://" not in (ROOT / "requirements" / f"{group}.txt").read_text(), group
