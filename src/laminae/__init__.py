"""Laminae: see inside a deep-learning model, an ordered graph of layers, and change what you see."""

__version__ = "0.1.0"
