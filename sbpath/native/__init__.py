"""Kernels as native code: C made of their own Python text, compiled when the package is installed.

A C compiler is all that this takes, and a few seconds: no Python header, no library beside the
compiler's own. So one wheel of a platform serves every version of Python, and the library is a
tenth of a megabyte. (Numba needs 200 MB on the user's machine and a minute or two there, Cython
and Pythran a compiled module for each version of Python and its headers.)
"""
