"""Trained rankers as files: written once, named by their content, read only when the hash is the one on record."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import re
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
from flask import current_app

from matchmaker.ranking.estimator import FundingChance
from matchmaker.ranking.features import NAMES, Counts

log = logging.getLogger(__name__)
FORMAT = 1
FILE_NAME = re.compile(r"ranker-[0-9a-f]{16}\.joblib")


@dataclass(frozen=True)
class Trained:
    """What one training leaves: the estimator, and the counts that features and "similar cases" are read from."""

    estimator: FundingChance
    counts: Counts


class NotThisModel(Exception):
    """The file is missing, is not the one on record, or was made for other features."""


def folder() -> Path:
    """Where model files lie: `models` in the instance folder."""
    return Path(current_app.config["SETTINGS"].instance_folder) / "models"


def save(trained: Trained) -> tuple[str, str]:
    """Write a ranker and answer (file name, sha256). The same content is written once."""
    buffer = io.BytesIO()
    joblib.dump(
        {"format": FORMAT, "features": list(NAMES), "estimator": trained.estimator, "cells": trained.counts.cells},
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
    if held.get("format") != FORMAT or held.get("features") != list(NAMES):
        raise NotThisModel(f"{name} was made for other features")
    trained = Trained(held["estimator"], Counts(held["cells"]))
    with _lock:
        while len(_loaded) >= KEPT_IN_MEMORY:
            _loaded.pop(next(iter(_loaded)))
        _loaded[sha256] = trained
    return trained


KEPT_IN_MEMORY = 4
_loaded: dict[str, Trained] = {}
_lock = threading.Lock()
