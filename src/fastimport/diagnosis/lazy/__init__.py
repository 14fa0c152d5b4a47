"""Which imports of a program may be late (PEP 810): learnt by running it, kept in a file, shown and verified."""
