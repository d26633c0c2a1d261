"""Who may import whom: the contracts of pyproject.toml, and what they cannot say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from importlinter.api import read_configuration

ROOT = Path(__file__).resolve().parents[2]

# Libraries that are at home in some subjects only; others reach what they do through functions of these.
HOMES = {
    "sklearn": {"ranking"},
    "scipy": {"ranking"},
    "numba": {"ranking", "matching", "outreach"},
    "numpy": {"ranking", "matching", "outreach", "demo", "oversight"},
    "openpyxl": {"products"},
    "fpdf": {"leads", "pricing", "loans", "oversight"},
}
# Files of a subject that are its own affair. The site's list of subjects, its timetable and its town read them too.
PRIVATE = {"views", "forms", "api", "jobs", "words"}
READERS_OF_ALL = {"timetable", "demo", "commands"}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("matchmaker", include_external_packages=True, cache_dir=None)


def test_the_contracts_of_the_order_are_kept() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()",
               "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_folder_and_file_has_its_place_in_the_order() -> None:
    contracts = read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
    (order,) = (contract for contract in contracts if contract["id"] == "subjects")
    placed = {name.strip("() ") for layer in order["layers"] for name in layer.split("|")}
    there = {path.stem for path in (ROOT / "matchmaker").iterdir()
             if path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))}
    assert there - placed == {"__init__"}


@pytest.mark.parametrize("library", HOMES)
def test_a_library_stays_at_home(graph: grimp.ImportGraph, library: str) -> None:
    if library not in graph.modules:
        return
    strangers = {f"{module} imports {library}" for module in graph.find_modules_that_directly_import(library)
                 if subject(module) not in HOMES[library]}
    assert not strangers


def test_nobody_reads_anothers_pages_forms_api_jobs_or_words(graph: grimp.ImportGraph) -> None:
    wrong = set()
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            if is_private(imported) and subject(module) not in {subject(imported), *READERS_OF_ALL}:
                wrong.add(f"{module} imports {imported}")
    assert not wrong


def subject(module: str) -> str:
    return (module.split(".") + [""])[1]


def is_private(module: str) -> bool:
    parts = module.split(".")
    return parts[0] == "matchmaker" and len(parts) > 2 and parts[2] in PRIVATE
