"""Matrix games that are played again and again: exact values, roll-outs, estimators, clones."""
