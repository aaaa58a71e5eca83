"""What is tabulated: a module per kind of table, the claims among them."""
