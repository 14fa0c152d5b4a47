"""Which file is this module: the finder, its loader, names, and the compiled core that they use."""
