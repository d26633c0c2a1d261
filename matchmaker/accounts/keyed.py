"""Keyed hashes of addresses and codes: the same for the same input, useless to whoever has the tables alone."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """What the edge knows of a request: from where, with what browser, in which language; and the site's secret."""

    address: str
    agent: str
    language: str
    pepper: str

    def keyed(self, *parts: str) -> str:
        """A keyed hash (HMAC-SHA-256, hexadecimal) of texts, unambiguous in their order and length."""
        text = "\x1f".join(f"{len(part)}:{part}" for part in parts)
        return hmac.new(self.pepper.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def account_key(self, address: str) -> str:
        """What stands for an address in the tables of tries, whether somebody has it or not."""
        return self.keyed("account", address)


def same(left: str, right: str) -> bool:
    """Whether two hashes are equal, told in the same time whatever they hold."""
    return hmac.compare_digest(left.encode(), right.encode())
