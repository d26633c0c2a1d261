"""Trained rankers as files: written once, named by their content, read only when the hash is the one on record."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import re
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
from flask import current_app

from matchmaker.ranking.estimator import DECIMALS, FundingChance, at_level
from matchmaker.ranking.features import NAMES, Counts
from matchmaker.ranking.sides import STAGES

log = logging.getLogger(__name__)
FORMAT = 3
READABLE = (2, 3)
"""2: one estimator for both sides. Lists that it ordered name it, and are derived again with it."""
FILE_NAME = re.compile(r"ranker-[0-9a-f]{16}\.joblib")


@dataclass(frozen=True)
class Levelled:
    """An estimator of one stage, and how far each institution lies from it, in log-odds."""

    estimator: FundingChance
    levels: Mapping[int, float] = field(default_factory=dict)

    def chances(self, rows: Sequence[Sequence[float]], institution_ids: Sequence[int]) -> list[float]:
        """The chance of each row of features, at the level of its institution."""
        plain = self.estimator.chances([list(row) for row in rows])
        return [at_level(chance, self.levels.get(key, 0.0)) for chance, key in zip(plain, institution_ids, strict=True)]


@dataclass(frozen=True)
class Trained:
    """What one training leaves: the estimator, and the counts that features and "similar cases" are read from."""

    estimator: FundingChance
    counts: Counts
    levels: Mapping[int, float] = field(default_factory=dict)
    """Institution → by how much its chances are moved, in log-odds; others are not moved."""
    stages: Mapping[str, Levelled] = field(default_factory=dict)
    """Stage (``sides.STAGES``) → what was learned of it; empty where one estimator speaks for both sides."""

    def chances(self, rows: Sequence[Sequence[float]], institution_ids: Sequence[int]) -> list[float]:
        """The chance of each row of features, at the level of its institution: of both sides together."""
        if not self.stages:
            return Levelled(self.estimator, self.levels).chances(rows, institution_ids)
        return [chance for chance, _ in self.both_sides(rows, institution_ids)]

    def both_sides(
        self, rows: Sequence[Sequence[float]], institution_ids: Sequence[int]
    ) -> list[tuple[float, dict[str, float]]]:
        """The chance of each row, and that of each side, to six decimals; no sides where they were learned as one."""
        if not self.stages:
            return [(chance, {}) for chance in self.chances(rows, institution_ids)]
        of_stage = {name: one.chances(rows, institution_ids) for name, one in self.stages.items()}
        found = []
        for at in range(len(rows)):
            sides: dict[str, float] = {}
            for stage in STAGES:
                sides[stage.side] = sides.get(stage.side, 1.0) * of_stage[stage.name][at]
            sides = {side: round(chance, DECIMALS) for side, chance in sides.items()}
            found.append((round(sides["owner"] * sides["institution"], DECIMALS), sides))
        return found


class NotThisModel(Exception):
    """The file is missing, is not the one on record, or was made for other features."""


def folder() -> Path:
    """Where model files lie: `models` in the instance folder."""
    return Path(current_app.config["SETTINGS"].instance_folder) / "models"


def save(trained: Trained) -> tuple[str, str]:
    """Write a ranker and answer (file name, sha256). The same content is written once."""
    buffer = io.BytesIO()
    joblib.dump(
        {
            "format": FORMAT,
            "features": list(NAMES),
            "estimator": trained.estimator,
            "cells": trained.counts.cells,
            "levels": dict(trained.levels),
            "stages": {name: (one.estimator, dict(one.levels)) for name, one in trained.stages.items()},
        },
        buffer,
    )
    content = buffer.getvalue()
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"ranker-{sha256[:16]}.joblib"
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    if not (place / name).exists():
        # Whole or not at all: another process may be looking for it.
        handle, temporary = tempfile.mkstemp(dir=place)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, place / name)
    return name, sha256


def load(name: str, sha256: str) -> Trained:
    """The ranker on record. The bytes that were hashed are the bytes that are unpacked; nothing else ever is.

    Raises NotThisModel.
    """
    with _lock:
        if (known := _loaded.get(sha256)) is not None:
            return known
    if not FILE_NAME.fullmatch(name):
        raise NotThisModel(f"no model file is called {name!r}")
    try:
        content = (folder() / name).read_bytes()
    except OSError as problem:
        raise NotThisModel(f"{name} cannot be read") from problem
    if hashlib.sha256(content).hexdigest() != sha256:
        raise NotThisModel(f"{name} is not the file on record")
    held: dict[str, Any] = joblib.load(io.BytesIO(content))
    if held.get("format") not in READABLE or held.get("features") != list(NAMES):
        raise NotThisModel(f"{name} was made for other features")
    stages = {name: Levelled(*one) for name, one in held.get("stages", {}).items()}
    trained = Trained(held["estimator"], Counts(held["cells"]), held["levels"], stages)
    with _lock:
        while len(_loaded) >= KEPT_IN_MEMORY:
            _loaded.pop(next(iter(_loaded)))
        _loaded[sha256] = trained
    return trained


KEPT_IN_MEMORY = 4
_loaded: dict[str, Trained] = {}
_lock = threading.Lock()
