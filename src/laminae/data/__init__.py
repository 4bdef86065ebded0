"""Input files as arrays, and batches of (input, expectation). NumPy only."""
