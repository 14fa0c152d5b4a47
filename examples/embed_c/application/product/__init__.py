"""What the host runs: its imports are found by fastimport."""


def main():
    import json
    import sys

    import fastimport
    from product import parts

    found = fastimport.stats().hits > 0
    print(json.dumps({"installed": fastimport.installed(), "isolated": sys.flags.isolated, "found": found, "parts": parts.COUNT}))
