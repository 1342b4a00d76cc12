"""The physics: grand potentials, rates, and the equations of an electrode on a graph of phases."""
