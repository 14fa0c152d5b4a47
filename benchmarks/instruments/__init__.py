"""What the benchmarks measure with: applications, slow file systems, conditions, results. Nothing here is run by itself."""
