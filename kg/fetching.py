"""Items asked of Wikidata, politely: one at a time, by name, kept, and waited for when it says so.

Source: https://www.mediawiki.org/wiki/API:Etiquette, https://w.wiki/4wJS (user agents)
"""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kg import paths
from kg.errors import Finding, Place

ADDRESS = "https://www.wikidata.org/wiki/Special:EntityData/{id}.json"
AGENT = f"Cassibile/{version('cassibile')} ({paths.CANONICAL}) Python-urllib"
_TRIES = 4
_LONGEST = 120.0  # seconds that are waited for one item; who says more is asked another time
_MOST = 50_000_000  # bytes of an answer; the largest items have some four million
_AGAIN = frozenset({429, 500, 502, 503, 504})


def cache() -> Path:
    """Return the folder of answers of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cassibile" / "wikidata"


def kept(qids: Iterable[str], folder: Path) -> list[Path]:
    """Return the answers that are kept, of these items."""
    files = (folder / f"{qid}.json" for qid in qids)
    return [file for file in files if file.is_file()]


def fetch(
    qids: Iterable[str],
    folder: Path,
    address: str = ADDRESS,
    *,
    wait: Callable[[float], None] = time.sleep,
) -> list[Finding]:
    """Ask for the items that are not kept yet, and keep the answers in a folder.

    Returns: what could not be had, each with what the host says; the rest is kept.
    Raises:  OSError, if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    findings = []
    for qid in qids:
        target = folder / f"{qid}.json"
        if target.is_file():
            continue
        url = address.replace("{id}", qid)
        try:
            written = get(url, wait=wait)
            json.loads(written)
        except (OSError, ValueError, http.client.HTTPException) as error:
            why = _why(error)
            hint = "look at the address in a browser, or try again later"
            findings.append(Finding("error", "fetch", Place(Path(url)), f"{qid}: {why}", hint))
            continue
        partial = folder / f".{qid}-{os.getpid()}"
        partial.write_bytes(written)
        partial.replace(target)  # a copy that is cut never takes the name
    return findings


def get(
    url: str, data: bytes | None = None, *, wait: Callable[[float], None] = time.sleep
) -> bytes:
    """Return what is at an address, asked again where the host is busy.

    Raises: OSError and HTTPException, if there is no answer; ValueError, if the address is not of
            the web or the answer is too long.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError("the address begins with neither http:// nor https://")
    headers = {"User-Agent": AGENT, "Accept": "application/json"}
    request = urllib.request.Request(url, data, headers)  # noqa: S310 checked above
    waited = 0.0
    for tried in range(1, _TRIES + 1):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 likewise
                written: bytes = answer.read(_MOST + 1)
        except urllib.error.HTTPError as error:
            pause = _pause(error.headers, tried)
            if error.code not in _AGAIN or tried == _TRIES or waited + pause > _LONGEST:
                raise
        except (OSError, http.client.HTTPException):
            pause = 2.0**tried
            if tried == _TRIES:
                raise
        else:
            if len(written) > _MOST:
                raise ValueError(f"the answer is longer than {_MOST:,} bytes")
            return written
        waited += pause
        wait(pause)
    raise AssertionError("the last try returns or raises")


def _pause(headers: Any, tried: int) -> float:
    """Return how many seconds the host asks to wait, else more each time."""
    asked = headers.get("Retry-After") if headers else None
    if not asked:
        return 2.0**tried
    if asked.isdigit():
        return float(asked)
    try:
        return max(parsedate_to_datetime(asked).timestamp() - time.time(), 1.0)
    except (TypeError, ValueError):
        return 2.0**tried


def _why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the host answers {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"the host cannot be reached: {error.reason}"
    if isinstance(error, json.JSONDecodeError):
        return "the answer is not JSON"
    return str(error) or type(error).__name__
