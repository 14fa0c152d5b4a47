"""fastimport where it is used: whole environments, servers, threads, host programs, clusters; with the real components."""
