"""Write the next numbered migration from the difference between models and migrations.

Usage: python -m tools.migration "what changes"   (read it before you commit it)
"""

from __future__ import annotations

import re
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from alembic import command

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ROOT / "migrations" / "versions"


def main(message: str) -> None:
    """Bring an empty SQLite database to the head, compare, and write NNNN_message.py."""
    from matchmaker import MODELS
    from matchmaker.migrating import alembic_config

    for module in MODELS:
        import_module(module)
    number = f"{len(list(VERSIONS.glob('[0-9]*.py'))) + 1:04d}"
    words = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    with tempfile.TemporaryDirectory() as folder:
        config = alembic_config(f"sqlite:///{folder}/compare.db")
        config.set_main_option("file_template", f"%%(rev)s_{words}")
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    main(sys.argv[1])
