"""Reaction-pathway phase-transition simulator for antimony (Sb) battery anodes.

>>> import sbpath
>>> mechanism = sbpath.load_mechanism("li-sb")
>>> solution = sbpath.simulate(mechanism, ["Discharge at C/10 until 0.05 V"], progress=False)
>>> round(float(solution.composition[-1]), 2)
3.0

Sign convention: positive current is discharge of the half-cell, insertion into Sb.
"""

from typing import Any

import lazy_loader

__version__ = "0.1.0"

# The names of `__init__.pyi` are imported when they are first used, so that the command line starts at once.
_attribute, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    found = _attribute(name)
    if name in __all__:
        from sbpath.calls import checked

        found = globals()[name] = checked(found, __name__)
    return found
