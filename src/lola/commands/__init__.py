"""What is run: the stages of the workflow and what `make` calls. Nobody imports them."""
