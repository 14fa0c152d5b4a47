"""All that knows the bytes of a snapshot, makes them, or decides whether to believe them."""
