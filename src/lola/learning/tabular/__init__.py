"""Tabular learners, and matches between them and rules."""
