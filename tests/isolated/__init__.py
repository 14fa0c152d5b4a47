"""Scripts that need a process of their own: each asserts in its main thread and is run by test_isolated.py."""
