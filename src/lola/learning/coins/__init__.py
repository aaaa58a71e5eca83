"""The Coin Game and its recurrent players."""
