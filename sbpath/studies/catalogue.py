"""The studies that the command line can run, in the order in which it lists them."""

from sbpath.studies import lifetime, rate_capability, reversals, titration, voltammetry

STUDIES = (
    titration.STUDY,
    voltammetry.STUDY,
    rate_capability.STUDY,
    lifetime.STUDY,
    reversals.REVERSAL,
    reversals.MINOR_LOOPS,
    reversals.REST_AFTER_REVERSAL,
)
