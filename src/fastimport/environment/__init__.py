"""fastimport for a whole environment, or for a command and its children: enable, disable, exec."""
