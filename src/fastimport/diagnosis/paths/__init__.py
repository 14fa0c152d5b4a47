"""What each path entry is, and what it costs a program: survey of the entries, recording of a start-up, advice."""
