"""Holding what a model gives against what the data says it should be."""
