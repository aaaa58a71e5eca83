"""Joint rules: directions of all players at once, made of the joint gradient and its Jacobian."""
