"""Lets the rails' own modules, `doors.py` and `recipes.py`, be imported by their tests, which are no package."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
