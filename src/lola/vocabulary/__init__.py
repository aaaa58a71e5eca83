"""Words that every room may use: names of cells and groups, what a config may name, what is wrong with one."""
