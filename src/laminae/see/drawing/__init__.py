"""Drawings: which boxes, what stands in them, as SVG, PNG, PDF or a page."""
