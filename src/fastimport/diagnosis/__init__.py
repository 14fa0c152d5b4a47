"""Where the time of a start goes, and why a name leads where it leads."""
