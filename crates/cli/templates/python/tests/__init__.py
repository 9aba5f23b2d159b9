"""Tests that run in Python itself, with bindings/ in the place of Stagehook."""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT / "src"), str(PROJECT / "bindings")]
