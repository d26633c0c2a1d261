"""Browser files from hash-pinned wheels into static/vendor/, an icon sprite of the icons in use, and .gz beside texts.

Nothing third-party is committed and no page asks another host. Run with the Python of .venv; running it again
checks what is there and fetches only what is missing or different.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
WHEELS = ROOT / "requirements" / "assets.txt"
LOCK = ROOT / "requirements" / "assets.lock.json"
SPRITE = "static/bootstrap5/icons/bootstrap-icons.svg"

# The icons that every page of the look may use; those named in templates are added to them.
ICONS_OF_THE_LOOK = frozenset(
    "arrow-left arrow-right camera check2 clock download exclamation-triangle exclamation-triangle-fill "
    "file-earmark-text fonts list lock person plus-lg printer slash-circle telephone tools x-lg".split()
)
COMPRESSED = {".css", ".js", ".svg"}


class Wrong(Exception):
    """Said in one sentence; nothing is left half-made."""


def main() -> None:
    try:
        lock: dict[str, dict[str, str]] = json.loads(LOCK.read_text())
        fetched = copy_from_packages(lock) + unzip_from_wheels(lock)
        fetched += write_sprite(icons_in_use(ROOT / "templates"))
    except Wrong as wrong:
        sys.exit(f"assets: {wrong}")
    compressed = compress_texts()
    print(f"assets: {', '.join(fetched)}" if fetched else "assets: up to date" + (", compressed" if compressed else ""))


def copy_from_packages(lock: dict[str, dict[str, str]]) -> list[str]:
    """Copy the files that an installed package carries. Returns the names of those that were not there yet."""
    missing = {name: entry for name, entry in lock.items() if "package" in entry and not is_there(name, entry)}
    for name, entry in missing.items():
        put(name, (package_folder(entry["package"]) / entry["member"]).read_bytes(), entry["sha256"])
    return list(missing)


def unzip_from_wheels(lock: dict[str, dict[str, str]]) -> list[str]:
    """Download the wheels once and take single members out of them. Returns the names of what was missing."""
    missing = {name: entry for name, entry in lock.items() if "wheel" in entry and not is_there(name, entry)}
    if not missing:
        return []
    with tempfile.TemporaryDirectory() as folder:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                    "--only-binary=:all:", "--require-hashes", "--requirement", str(WHEELS), "--dest", folder]
        if subprocess.run(download).returncode:
            raise Wrong("the wheels with the browser files could not be downloaded; is the package index reachable?")
        for name, entry in missing.items():
            (wheel,) = Path(folder).glob(entry["wheel"] + "*.whl")
            with zipfile.ZipFile(wheel) as archive:
                put(name, archive.read(entry["member"]), entry["sha256"])
    return list(missing)


def is_there(name: str, entry: dict[str, str]) -> bool:
    file = VENDOR / name
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == entry["sha256"]


def put(name: str, content: bytes, sha256: str | None = None) -> None:
    """Write a vendor file in one step. Raises Wrong when its content is not the locked one."""
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        raise Wrong(f"{name} is not the file that was locked: sha256 {found}")
    file = VENDOR / name
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(file.name + ".new")
    new.write_bytes(content)
    new.replace(file)


def package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise Wrong(f"{package} is not installed; `make run` installs it")
    return Path(spec.origin).parent


def icons_in_use(templates: Path) -> set[str]:
    """Names of icons in templates: any quoted word in a Jinja tag that is an icon, and every literal icon('…').

    Raises Wrong for a literal icon('…') or #… that Bootstrap Icons do not have.
    """
    known = set(symbols())
    used = set(ICONS_OF_THE_LOOK)
    for template in sorted(templates.rglob("*.html")):
        text = template.read_text(encoding="utf-8")
        named = set(re.findall(r"\bicon\(\s*['\"]([a-z0-9-]+)['\"]", text))
        named |= set(re.findall(r"icons\.svg(?:['\"]\s*\)\s*\}\})?#([a-z][a-z0-9-]*)", text))
        if unknown := sorted(named - known):
            raise Wrong(f"{template.relative_to(ROOT)} names an icon that does not exist: {', '.join(unknown)}")
        tags = " ".join(re.findall(r"\{[{%].*?[%}]\}", text, flags=re.DOTALL))
        used |= named | (set(re.findall(r"['\"]([a-z0-9-]+)['\"]", tags)) & known)
    return used


def symbols() -> dict[str, str]:
    """Every icon of Bootstrap Icons: name -> its <symbol> element."""
    text = (package_folder("flask_bootstrap") / SPRITE).read_text(encoding="utf-8")
    return {found[1]: found[0] for found in re.finditer(r'<symbol\b[^>]*\bid="([^"]+)".*?</symbol>', text, re.DOTALL)}


def write_sprite(names: set[str]) -> list[str]:
    """Write the icons in use as one sprite; the classes that Bootstrap's own file gives them are left out."""
    known = symbols()
    body = "".join(re.sub(r' class="[^"]*"', "", known[name], count=1) for name in sorted(names))
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>\n'.encode()
    file = VENDOR / "icons.svg"
    if file.is_file() and file.read_bytes() == sprite:
        return []
    put("icons.svg", sprite)
    return [f"icons.svg ({len(names)} icons)"]


def compress_texts() -> int:
    """Put a .gz beside each text file of static/ and take away those whose text is gone. Returns how many changed."""
    changed = 0
    for packed in STATIC.rglob("*.gz"):
        if not packed.with_suffix("").is_file():
            packed.unlink()
            changed += 1
    for file in STATIC.rglob("*"):
        if file.suffix not in COMPRESSED:
            continue
        packed = file.with_name(file.name + ".gz")
        if packed.is_file() and packed.stat().st_mtime_ns == file.stat().st_mtime_ns:
            continue
        packed.write_bytes(gzip.compress(file.read_bytes(), compresslevel=9, mtime=0))
        set_same_time(packed, file)
        changed += 1
    return changed


def set_same_time(packed: Path, file: Path) -> None:
    """The .gz bears the time of its text: any later or earlier text (a checkout, an older copy) makes it stale."""
    times = file.stat()
    os.utime(packed, ns=(times.st_atime_ns, times.st_mtime_ns))


if __name__ == "__main__":
    main()
