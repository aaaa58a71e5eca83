"""The window on the runs: MLflow."""
