"""Messages in the languages of the interface: one JSON catalogue a language, walked, never named.

A message is found by its key and filled with names. Every catalogue has the same keys.
"""

import json
from datetime import date
from functools import cache
from pathlib import Path

from kg import formats
from kg.errors import UnknownName, did_you_mean

_FOLDER = Path(__file__).parent


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that have a catalogue, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the messages of a language, by key.

    Raises: UnknownName, with the languages that there are.
    """
    if language not in languages():
        hint = f"choose one of {', '.join(languages())}"
        raise UnknownName(f"nothing is said in {language!r}", hint=hint)
    found = json.loads(formats.read_text(_FOLDER / f"{language}.json"))
    assert isinstance(found, dict), "a catalogue is an object of messages"
    return found


def say(language: str, key: str, **names: str) -> str:
    """Return a message in a language, with names filled in.

    Raises: UnknownName, if there is no such message or language.

    >>> say("en", "owl-rl/cax-sco", subject="arrest", object="event")
    'every arrest is an event'
    """
    messages = catalogue(language)
    if key not in messages:
        raise UnknownName(f"there is no message {key!r}", hint=did_you_mean(key, messages))
    return messages[key].format_map(_Articled(names))


def day(language: str, when: date) -> str:
    """Return a day in words.

    >>> day("pt", date(1943, 7, 25))
    '25 de julho de 1943'
    """
    month = say(language, "months").split()[when.month - 1]
    return say(language, "day", day=str(when.day), month=month, year=str(when.year))


def number(language: str, value: int) -> str:
    """Return a number in the digits of a language, by threes.

    >>> number("en", 1022), number("it", 27570)
    ('1,022', '27.570')
    """
    return f"{value:,}".replace(",", say(language, "thousands"))


def has(language: str, key: str) -> bool:
    """Return whether a message is there."""
    return key in catalogue(language)


class _Articled(dict[str, str]):
    """Names, and `{a_object}` for the name with its English article."""

    def __missing__(self, key: str) -> str:
        name = self[key.removeprefix("a_")] if key.startswith("a_") else ""
        return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
