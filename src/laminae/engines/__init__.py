"""What executes a plan. `torch` is the default; another engine is another folder beside it."""
