"""Businesses: typed once, who may act for them, yearly figures, titles, credit lines, size class, warning signs."""
