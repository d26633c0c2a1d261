"""The forms of a lead. Field names are unique over all forms of a case page, because several stand on it at once."""
