"""Checkpoints of learning in the folder of a run, and going on from them.

tree: nested state as JSON with tensors apart. state: all that moves, taken and put back. manifest: what a checkpoint says of
itself. header: what a run is of. folder: the run's folder as its one writer has it. keeping: all of it, for `fit`.
"""
