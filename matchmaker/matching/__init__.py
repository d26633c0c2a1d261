"""From a need to a stored list: every product judged, the eligible ones priced and ordered, each with its reasons."""
