"""Numeric kernels in two forms with equal results: compiled by numba, and plain numpy.

Nobody ever waits for the compiler. The plain form answers until ``warm`` has compiled (or read from numba's on-disk
cache) every kernel, which a server does in a thread of its own at its start; where numba is not installed, or the
setting MATCHMAKER_WITHOUT_NUMBA is given, the plain form answers for good. Property tests hold the two forms together.
"""

from __future__ import annotations

import logging
import os
import threading
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
log = logging.getLogger(__name__)

SWITCHED_OFF = "MATCHMAKER_WITHOUT_NUMBA"


class Kernels:
    """One module of kernels: ``kernels.now.meet(…)`` is the form that may be called at this moment.

    ``compiled`` is the name of a module that imports numba and has a function ``warm()`` which calls every kernel once
    with the types of its real arguments; ``plain`` is the module with the same functions in numpy.
    """

    def __init__(self, compiled: str, plain: ModuleType) -> None:
        self.compiled = compiled
        self.plain = plain
        self.now: Any = plain
        _all.append(self)

    def warm(self) -> bool:
        """Compile and switch over; False (and said in the log) where that is not possible."""
        if self.now is not self.plain:
            return True
        try:
            module = import_module(self.compiled)
            module.warm()
        except Exception:  # an unusual machine must still match: slower, and said
            log.exception("kernels %s cannot be compiled here; numpy alone answers", self.compiled)
            return False
        self.now = module
        return True

    def cool(self) -> None:
        """Back to the plain form (for tests and comparisons)."""
        self.now = self.plain


_all: list[Kernels] = []


def available() -> bool:
    """Whether numba is installed and not switched off."""
    return not os.environ.get(SWITCHED_OFF) and find_spec("numba") is not None


def warm() -> bool:
    """Compile every kernel that this process has imported; answers whether the compiled forms are in use.

    About five seconds without the on-disk cache, about one with it.
    """
    if not available():
        log.warning("numba is not used here; the market index and the ranker answer through numpy, slower")
        return False
    switched = [kernels.warm() for kernels in list(_all)]
    return all(switched)


def warm_in_background() -> threading.Thread:
    """The same in a thread, for servers and workers at their start."""
    thread = threading.Thread(target=warm, name="kernels", daemon=True)
    thread.start()
    return thread
