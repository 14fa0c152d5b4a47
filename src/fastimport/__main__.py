"""``python -m fastimport``: the same as the command ``fastimport``."""

from fastimport.cli import finish, main

if __name__ == "__main__":
    finish(main())
