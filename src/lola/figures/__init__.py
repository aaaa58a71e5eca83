"""What is drawn: a module per kind of figure."""
