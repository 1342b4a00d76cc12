"""Tables 1-5 of the review as data: hosts of alkali metals, and cycled Sb anodes."""
