"""The results of a study as one long page that needs no network."""
