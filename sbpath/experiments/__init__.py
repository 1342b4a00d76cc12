"""Questions that take several simulations: what if, how slow, which path where."""
