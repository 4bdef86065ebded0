"""The viewer: a page on this machine that looks into a model and changes it, served by what it is handed."""
