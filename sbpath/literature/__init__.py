"""Tables 1-5 of the review as data: hosts of alkali metals, and Sb anodes that were cycled."""
