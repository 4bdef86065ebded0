"""Random nodes, a small strategy per operator: schemas do not say what is valid. One file per family of operators.

python -m tests.ops.draws [--draws 1000] [Operator …]     draws so many for each, against the reference evaluator
"""
