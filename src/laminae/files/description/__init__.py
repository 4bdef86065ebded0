"""Model descriptions: a small YAML or JSON file of layers, read without running anything."""
