"""The hunt: what is wrong inside a model, seen in one pass. A file for each kind of finding."""
