"""The directory that ``fastimport exec`` puts in front of PYTHONPATH; the interpreter runs its sitecustomize at its start."""
