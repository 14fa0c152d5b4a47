"""From a file or a snapshot to a code object."""
