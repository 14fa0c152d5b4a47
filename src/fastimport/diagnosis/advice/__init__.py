"""What to change in a program so that it starts faster: the imports that nobody used, and what they cost."""
