"""Counts the keys of the metadata and the characters of their values."""

import json
import sys

values = json.load(sys.stdin).values()
counted = {"keys": len(values), "characters": sum(len(value) for value in values)}
json.dump({"counted": counted}, sys.stdout)
