"""Write the pages of docs/ that are drawn from the code. Usage: python -m tools.documents"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def permissions_page() -> str:
    """The permission table as a page: who may do what, in the order of the file."""
    from matchmaker.permissions import PERMISSIONS

    lines = ["# Permissions", "", "Written from `matchmaker/permissions.py`; what is not listed is nobody's.", "",
             "| permission | lets a person | who |", "| --- | --- | --- |"]
    for name, permission in PERMISSIONS.items():
        who = " or ".join(" and ".join(predicate.__name__.replace("_", " ") for predicate in clause)
                          for clause in permission.alternatives)
        lines.append(f"| `{name}` | {permission.about} | {who} |")
    return "\n".join(lines) + "\n"


def screens_page(app: object) -> str:
    """Every page that answers a GET: address, who may open it, what it is for (the first line of its view)."""
    lines = ["# Screens", "", "Written from the views: every address that answers a GET with a page or a file.", "",
             "| address | who | what for |", "| --- | --- | --- |"]
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))  # type: ignore[attr-defined]
    for rule in rules:
        view = app.view_functions[rule.endpoint]  # type: ignore[attr-defined]
        access = getattr(view, "access", None)
        if "GET" not in (rule.methods or ()) or access is None:
            continue
        said = inspect.getdoc(inspect.unwrap(view))
        if not said:
            raise SystemExit(f"{rule.endpoint} does not say what it is for: give its view a docstring")
        who = f"`{access.permission}`" if access.permission else "everybody"
        lines.append(f"| `{rule.rule}` | {who} | {said.splitlines()[0].rstrip('.')} |")
    return "\n".join(lines) + "\n"


def announcements_page() -> str:
    """Who announces what, and who listens."""
    from matchmaker.happened import who_listens

    announced = _announced()
    lines = ["# Announcements", "", "News that an earlier subject tells later ones, in the same transaction.", "",
             "| announcement | told by | heard by |", "| --- | --- | --- |"]
    heard = {kind.__name__: [f"`{each.__module__.removeprefix('matchmaker.')}.{each.__name__}`" for each in listeners]
             for kind, listeners in who_listens().items() if kind.__module__.startswith("matchmaker.")}
    for name in sorted(set(announced) | set(heard)):
        tellers = ", ".join(sorted(f"`{place}`" for place in announced.get(name, []))) or "nobody"
        lines.append(f"| `{name}` | {tellers} | {', '.join(heard.get(name, [])) or 'nobody yet'} |")
    unknown = sorted(set(heard) - set(announced))
    if unknown:
        raise SystemExit(f"listened to, but never announced: {', '.join(unknown)}")
    return "\n".join(lines) + "\n"


def _announced() -> dict[str, set[str]]:
    """Announcement -> modules that announce it, read from the source."""
    found: dict[str, set[str]] = {}
    for file in sorted((ROOT / "matchmaker").rglob("*.py")):
        module = ".".join(file.relative_to(ROOT / "matchmaker").with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "announce":
                told = node.args[0] if node.args else None
                if isinstance(told, ast.Call):
                    name = getattr(told.func, "id", getattr(told.func, "attr", ""))
                    found.setdefault(name, set()).add(module)
    return found


def main() -> None:
    from matchmaker import create_app

    app = create_app(secret_key="x" * 40, database_url="sqlite://")
    folder = ROOT / "docs"
    folder.mkdir(exist_ok=True)
    (folder / "permissions.md").write_text(permissions_page())
    (folder / "announcements.md").write_text(announcements_page())
    (folder / "screens.md").write_text(screens_page(app))
    print("docs/permissions.md, docs/announcements.md, docs/screens.md")


if __name__ == "__main__":
    main()
