"""Numbers of finished runs: metrics with intervals, maps, rankings, and claims with verdicts."""
