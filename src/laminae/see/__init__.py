"""Tables and drawings of plain records. Never runs a model, never loads torch."""
