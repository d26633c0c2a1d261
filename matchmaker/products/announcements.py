"""What products tell the later subjects: plain facts, listened to in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProductPublished:
    """A version came into force; `version_id` is what is matched from now on."""

    product_id: int
    version_id: int


@dataclass(frozen=True)
class ProductSuspended:
    """No new lists may show this product until it is published again; running leads go on."""

    product_id: int


@dataclass(frozen=True)
class ProductStopped:
    """The product takes no new business any more; running leads go on."""

    product_id: int


@dataclass(frozen=True)
class CapacitySaid:
    """A desk said anew what a product can take; what came this week is counted afresh."""

    product_id: int
