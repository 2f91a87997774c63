"""``python -m speechsent`` is the same command."""

import sys

from speechsent.cli import main

sys.exit(main())
