"""Models opened from .onnx files that others wrote: which of their numbers are weights, and which weights are really one.

A file says neither. What a model that was built here, or read from a module, says of its parameters is believed; of a file that
others wrote it is judged by who reads them (`roles.py`), and what an exporter stored once because it was equal comes apart
(`ties.py`), before the model learns (`prepare.py`).
"""
