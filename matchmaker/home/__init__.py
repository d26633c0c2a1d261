"""Start pages: what to do next, by role; the way around the site, and pages that explain it."""
