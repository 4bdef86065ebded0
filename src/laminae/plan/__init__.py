"""How one forward pass will run: which operator each layer means, what is known before, where each value is kept."""
