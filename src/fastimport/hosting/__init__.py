"""fastimport inside other programs: applications that fork, hosts written in C, jobs of many ranks."""
