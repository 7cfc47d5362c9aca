"""Loops that numba compiles, of the extra `fast`: tokens with the numbers of the usual path bit for bit, and layers that train in bf16."""
