"""Ready-made callbacks: what a run of learning leaves in files, and what its layers did on the way."""
