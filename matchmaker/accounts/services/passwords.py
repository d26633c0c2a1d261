"""Hashing and checking passwords: slow on purpose, so call it before the transaction begins."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

# OWASP's smallest recommended setting for argon2id: 28 ms and 19 MiB here, so that two cores stand a rush.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Checked when nobody has the address: the answer takes as long as with one.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$CH/aWfF04pNwI0J5hBDD2Q$EzZIbRVZE7/Co8EsoQGnKGVAzKICqcM3TddlwNdZX1M"


def hash_password(password: str) -> str:
    """The argon2id hash of a password (t=2, m=19 MiB, p=1). About 30 ms of one core."""
    return _hasher.hash(_plain(password))


def fits(password_hash: str | None, password: str) -> bool:
    """Whether a password has this hash; without one the same work is done, and the answer is no."""
    try:
        return _hasher.verify(password_hash or _NOBODY, _plain(password)) and password_hash is not None
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def _plain(password: str) -> str:
    # The same characters from another keyboard (full width, composed accents) are the same password.
    return unicodedata.normalize("NFKC", password)
