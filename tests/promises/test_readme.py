"""The README tells the truth: every room is on the map, every address on the map is a room, every command exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MADE = {"__pycache__", "vendor", "instance"}


def test_every_subject_is_on_the_map() -> None:
    rooms = {folder.name for folder in (ROOT / "matchmaker").iterdir() if folder.is_dir() and folder.name not in MADE}
    files = {file.stem for file in (ROOT / "matchmaker").glob("*.py")} - {"__init__"}
    missing = [name for name in sorted(rooms) if f"`{name}/`" not in README and f"`matchmaker/{name}/`" not in README]
    missing += [name for name in sorted(files) if f"`{name}.py`" not in README and f"`matchmaker/{name}.py`" not in README]
    assert missing == []


def test_every_place_on_the_map_exists() -> None:
    table = README.split("## Where things are")[1].split("\n## ")[0]
    for line in table.splitlines():
        if not line.startswith("| `"):
            continue
        for name in re.findall(r"`([\w./]+)`", line.split("|")[1]):
            assert (ROOT / name).exists() or (ROOT / "matchmaker" / name).exists(), name


def test_every_command_it_names_is_made() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"`?make ([a-z]+)`?", README)) <= targets
