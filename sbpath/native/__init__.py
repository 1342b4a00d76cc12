"""Kernels as native code: C generated from their Python source, compiled when the package is installed.

This takes only a C compiler and a few seconds: no Python headers, and no libraries besides the
compiler's. One wheel per platform therefore serves every version of Python, and the library is a
tenth of a megabyte. (Numba needs 200 MB and a minute or two on the user's machine, Cython and
Pythran the Python headers and a compiled module for each version.)
"""
