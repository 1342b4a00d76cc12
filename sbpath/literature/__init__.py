"""Tables 1-5 of the review as data: hosts for alkali metals, and reported Sb anodes."""

from sbpath.calls import checked
from sbpath.literature.csv_files import literature_to_csv, load_references
from sbpath.literature.entries import Host, ReportedAnode
from sbpath.literature.queries import find_anodes, find_hosts
from sbpath.literature.theory import host_departures, host_theory

__all__ = [
    "Host",
    "ReportedAnode",
    "find_anodes",
    "find_hosts",
    "host_departures",
    "host_theory",
    "literature_to_csv",
    "load_references",
]

globals().update({name: checked(globals()[name], __name__) for name in __all__})
