"""Credit and guarantee products: what a desk lists, in versions that two persons have seen; not who fits them."""
