"""What is in a delivery, whether it is complete, and the manifest that says so.

| module | what it is |
| --- | --- |
| `about` | name, version, capabilities, schema of the settings |
| `settings` | the settings, parsed and checked |
| `patterns` | which paths a pattern means |
| `walk` | the files below a directory |
| `checks` | what is missing, too many, too small, unexpected |
| `manifest` | sizes and checksums, and the two files that hold them |
| `report` | all of it put together, for one call |

Nothing here knows of WebAssembly: `component` does, one folder up.
"""

from .about import ABOUT
from .faults import DeliveryError
from .report import report
from .settings import Settings, problems_of

__all__ = ["ABOUT", "DeliveryError", "Settings", "problems_of", "report"]
