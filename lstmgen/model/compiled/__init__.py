"""The numbers of the usual path, bit for bit, by loops that numba compiles: the extra `fast`."""
