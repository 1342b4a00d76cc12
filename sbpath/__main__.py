"""``python -m sbpath`` is the command line."""

import sys

from sbpath.cli import main

sys.exit(main())
