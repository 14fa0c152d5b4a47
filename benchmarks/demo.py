"""What ``make demo`` runs: six applications start with and without fastimport; are they the same, and how fast?

Less than three minutes; ``benchmarks/macro.py`` measures more applications, more often.
"""

import sys

import macro
from instruments import applications

if __name__ == "__main__":
    sys.exit(macro.main(applications.DEMO, pairs=7))
