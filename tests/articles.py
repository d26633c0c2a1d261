"""`pytest --articles`: which requirement of the notice is proven by which tests. It runs nothing."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

IDS = Path(__file__).with_name("article_ids.txt").read_text().split()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--articles", action="store_true", help="print requirement ids and the tests that prove them")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    if config.getoption("--articles"):
        config.option.numprocesses = None
        config.option.dist = "no"
        config.option.tx = []
        config.option.verbose = -3


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    return True if session.config.getoption("--articles") else None


def pytest_collection_finish(session: pytest.Session) -> None:
    if not session.config.getoption("--articles"):
        return
    proofs: dict[str, list[str]] = defaultdict(list)
    for item in session.items:
        for mark in item.iter_markers("article"):
            for article in mark.args:
                name = getattr(item, "originalname", None) or item.name
                if name not in proofs[str(article)]:
                    proofs[str(article)].append(name)
    write = session.config.get_terminal_writer()
    write.line()
    for article in IDS:
        tests = proofs.pop(article, [])
        count = f"{len(tests)} test{'' if len(tests) == 1 else 's'}"
        write.line(f"{article}  {count}: {', '.join(tests)}" if tests else f"{article}  0 tests")
    for unknown in sorted(proofs):
        raise pytest.UsageError(f"no requirement has the id {unknown}: {', '.join(proofs[unknown])}")
