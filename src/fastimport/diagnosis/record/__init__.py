"""What happened while a program started: the recorder, and the recording that it leaves."""
