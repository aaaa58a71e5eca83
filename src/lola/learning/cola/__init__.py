"""Consistent learning: directions that are right about each other, and how far off other rules are."""
