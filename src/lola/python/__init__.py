"""What `import lola` offers: train, load, play and compare from Python."""
