"""From a config to groups of cells, what each result is made from, and what is stale."""
