"""Resolve pyproject.toml into requirements/{run,test,bench,lint}.txt: every hash, no address.
Usage: python tools/lock.py

uv resolves for every system and Python at once; it is fetched into .cache/ for this and is part of no installation.
pip installs what is locked. ``--upgrade`` takes newer releases where pyproject.toml allows them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
UV = ROOT / ".cache" / "uv" / "bin" / "uv"


def main(options: list[str]) -> None:
    if not UV.exists():
        venv.create(UV.parent.parent, with_pip=True)
        subprocess.run([UV.parent / "pip", "install", "--quiet", "--disable-pip-version-check", "uv"], check=True)
    resolve("run", ["pyproject.toml"], options)
    resolve("test", ["--group", "test", "-c", "requirements/run.txt"], options)
    resolve("bench", ["--group", "bench", "-c", "requirements/run.txt"], options)
    resolve("lint", ["--group", "lint", "-c", "requirements/run.txt", "-c", "requirements/test.txt"], options)


def resolve(group: str, what: list[str], options: list[str]) -> None:
    """Write one lock file. Versions that stand in it already are kept, unless ``--upgrade`` is given."""
    file = REQUIREMENTS / f"{group}.txt"
    command = [str(UV), "pip", "compile", *what, "--quiet", "--universal", "--python-version", "3.11",
               "--generate-hashes", "--no-emit-index-url", "--no-annotate", "--only-binary", ":all:",
               "--output-file", str(file.relative_to(ROOT)), *options]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "UV_CUSTOM_COMPILE_COMMAND": "make lock"})
    if "://" in file.read_text():
        sys.exit(f"{file.name} holds an address; nothing of the kind may be committed.")


if __name__ == "__main__":
    main(sys.argv[1:])
