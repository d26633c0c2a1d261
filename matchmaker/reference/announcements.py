"""Plain facts about the dated reference data that later subjects listen to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DaysEntered:
    """The days off of a year are known now, or corrected; clocks that run through it are counted anew."""

    year: int
