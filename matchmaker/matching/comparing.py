"""A stored list beside its derivation: every place, reason, verdict and count that is not the same to the bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from matchmaker.refusal import plain


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs. ``where``: place, product or counts; ``number``: which; ``name``: the value's name."""

    where: str
    number: int | None
    name: str
    stored: Any
    derived: Any

    def __str__(self) -> str:
        return f"{self.where}: {self.name}" if self.number is None else f"{self.where} {self.number}: {self.name}"


def compare(
    shown: Iterable[Mapping[str, Any]],
    shown_again: Iterable[Mapping[str, Any]],
    down: Mapping[int, Any],
    down_again: Mapping[int, Any],
    counts: Mapping[str, Any],
    counts_again: Mapping[str, Any],
) -> list[Difference]:
    """What differs, in the order of the page. Rows are compared by the values that the derivation has; ``down`` maps
    products to their failed rules."""
    before = {row["place"]: plain(row) for row in shown}
    after = {row["place"]: plain(row) for row in shown_again}
    found = [
        Difference("place", place, "product", _product(before.get(place)), _product(after.get(place)))
        for place in sorted(before.keys() | after.keys())
        if place not in before or place not in after
    ]
    for place in sorted(before.keys() & after.keys()):
        found += [
            Difference("place", place, name, before[place].get(name), value)
            for name, value in after[place].items()
            if before[place].get(name) != value
        ]
    for key in sorted(down.keys() | down_again.keys()):
        if plain(down.get(key)) != plain(down_again.get(key)):
            found.append(Difference("product", key, "turned_down", plain(down.get(key)), plain(down_again.get(key))))
    found += [
        Difference("counts", None, name, plain(counts.get(name)), plain(value))
        for name, value in counts_again.items()
        if plain(counts.get(name)) != plain(value)
    ]
    return found


def _product(row: Mapping[str, Any] | None) -> Any:
    return None if row is None else row["product_id"]
