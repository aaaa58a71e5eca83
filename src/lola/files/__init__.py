"""What lies on disk: cells, checkpoints, locks, and files that are whole or not there."""
