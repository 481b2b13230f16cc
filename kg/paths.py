"""Where the data lie: beside the code in a checkout, inside the package in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
DATA = _PACKAGE / "_data" if (_PACKAGE / "_data").is_dir() else _PACKAGE.parent
ONTOLOGY = DATA / "ontology"
SEEDS = DATA / "seeds"
CODE = _PACKAGE
BUILD = Path("build")  # in the current folder, as every build tool does
