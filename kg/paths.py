"""Where the data lie: beside the code in a checkout, inside the package in a wheel.

And where names lie: all of the project's own begin with `BASE`. They are written with `CANONICAL`
in the files; whoever publishes a copy of their own, under names of their own, sets KG_BASE.
"""

import os
from pathlib import Path

_PACKAGE = Path(__file__).parent
DATA = _PACKAGE / "_data" if (_PACKAGE / "_data").is_dir() else _PACKAGE.parent
ONTOLOGY = DATA / "ontology"
SEEDS = DATA / "seeds"
CODE = _PACKAGE
CANONICAL = "https://w3id.org/cassibile/"
BASE = os.environ.get("KG_BASE") or CANONICAL
BUILD = Path("build")  # in the current folder, as every build tool does
