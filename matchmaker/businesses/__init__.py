"""The business, typed once: who it is, who may act for it, its figures, titles, credit lines and warning signs."""
