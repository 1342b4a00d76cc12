"""Measured curves: files of cyclers, their half cycles, and the circumstances under which they were measured."""
