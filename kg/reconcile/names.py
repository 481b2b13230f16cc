"""Names as strings: folded, indexed by their trigrams, and found in spite of typing errors.

Knows nothing of what is named. Likeness is measured by RapidFuzz; the index only says which of
many names are worth measuring.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple
from unicodedata import category, normalize

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

LONGEST = 200  # characters of a name that are looked at; longer ones are sentences
EQUAL = 98.0  # likeness of names that differ by nothing that tells two things apart
_NEARLY = 97.0  # the most that names have which differ by more
_LEAST = 50.0  # likeness below which a name is not offered
_SHORTLIST = 60  # names that are measured for each that is asked
_POSTINGS = 60_000  # entries of the index that are counted for each; the rarest trigrams first
_SHARED = 0.3  # of the weight that the best one shares: who shares less is not worth measuring
# Letters that are no letter with a mark, so that Unicode does not take them apart.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"}
)
_BETWEEN = re.compile(r"[\W_]+")
# Numbers of rulers and of armies: what differs by them is another one, however like it is written.
_NUMBER = re.compile(r"\d+|(?=..)x{0,3}(?:ix|iv|v?i{0,3})")


def fold(text: str) -> str:
    """Return a name without case, marks and punctuation, its words one blank apart.

    >>> fold("República  de Saló"), fold("L'Æthelstan, D."), fold("8.º Exército")
    ('republica de salo', 'l aethelstan d', '8 o exercito')
    """
    text = text[:LONGEST].casefold()
    if not text.isascii():
        plain = normalize("NFKD", text).casefold()
        text = "".join(each for each in plain if category(each)[0] != "M").translate(_LETTERS)
    return _BETWEEN.sub(" ", text).strip()


class Folded(NamedTuple):
    """A name as it is compared.

    Attributes:
        words: folded, in their order.
        sorted: the same in the order of the alphabet.
        core: sorted, without titles and the words that only join others; never empty for a name.
        numbers: the words that are numbers.
    """

    words: str
    sorted: str
    core: str
    numbers: tuple[str, ...]


class Hit(NamedTuple):
    """A name that was found.

    Attributes:
        name: its place among all names.
        likeness: 0 to 100.
    """

    name: int
    likeness: float


@dataclass(frozen=True)
class Names:
    """Names that can be looked for.

    Attributes:
        words: the names, each by its place.
        titles: folded words that may stand before a name, such as `general`.
        joints: folded words that only join others, such as `of`.
    """

    words: tuple[str, ...]
    titles: frozenset[str] = frozenset()
    joints: frozenset[str] = frozenset()

    def find(self, text: str) -> list[Hit]:
        """Return the names that are like a text, the most like first."""
        asked = self._folded(fold(text))
        if not asked.words:
            return []
        found = {
            *self._index.nearest(asked.words),
            *self._by_core.get(asked.core, ())[:_SHORTLIST],
        }
        found.update(self._by_words.get(each, -1) for each in (asked.words, asked.sorted))
        found.discard(-1)
        hits = [
            Hit(name, likeness)
            for key in sorted(found)
            if (likeness := compared(asked, self._keys[key])) >= _LEAST
            for name in self._of_key[key]
        ]
        return sorted(hits, key=lambda hit: (-hit.likeness, hit.name))

    def likeness(self, one: str, other: str) -> float:
        """Return how like two names are, from 0 to 100."""
        return compared(self._folded(fold(one)), self._folded(fold(other)))

    def begin(self, prefix: str) -> Iterator[int]:
        """Yield the names of which a word begins so: first those of which the first one does."""
        asked = fold(prefix)
        if not asked:
            return
        last = f"{asked}\U0010ffff"
        for tails in self._tails:
            start, end = (bisect_left(tails, (each, -1)) for each in (asked, last))
            for _, key in islice(tails, start, end):
                yield from self._of_key[key]

    def _folded(self, words: str) -> Folded:
        parts = words.split()
        # Not of “king of Italy”: without its title it would be the country.
        core = [
            part
            for part, following in zip(parts, [*parts, ""][1:], strict=True)
            if part not in self.joints
            and (part not in self.titles or not following or following in self.joints)
        ] or parts
        numbers = tuple(sorted(part for part in parts if _NUMBER.fullmatch(part)))
        return Folded(words, " ".join(sorted(parts)), " ".join(sorted(core)), numbers)

    @cached_property
    def _of_words(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for name, words in enumerate(self.words):
            if folded := fold(words):
                found.setdefault(folded, []).append(name)
        return found

    @cached_property
    def _of_key(self) -> list[list[int]]:
        return list(self._of_words.values())

    @cached_property
    def _keys(self) -> list[Folded]:
        return [self._folded(words) for words in self._of_words]

    @cached_property
    def _by_words(self) -> dict[str, int]:
        return {words: key for key, words in enumerate(self._of_words)}

    @cached_property
    def _by_core(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for key, folded in enumerate(self._keys):
            found.setdefault(folded.core, []).append(key)
        return found

    @cached_property
    def _tails(self) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """The names, and what they are from their second word on or a later one, sorted."""
        whole, later = [], []
        for key, folded in enumerate(self._keys):
            whole.append((folded.words, key))
            blanks = re.finditer(" ", folded.words)
            later += [(folded.words[blank.end() :], key) for blank in blanks]
        return sorted(whole), sorted(later)

    @cached_property
    def _index(self) -> "_Trigrams":
        return _Trigrams(folded.words for folded in self._keys)


def compared(asked: Folded, name: Folded) -> float:
    """Return how like a name is to what is asked, from 0 to 100.

    The same words are 100, in another order 99; the same but for titles and joining words 98.
    """
    if asked.words == name.words:
        return 100.0
    if asked.sorted == name.sorted:
        return 99.0
    if asked.core == name.core:
        return EQUAL
    whole = max(
        OSA.normalized_similarity(asked.words, name.words),
        OSA.normalized_similarity(asked.core, name.core),
    )
    if whole < 0.9:
        # One is a part of the other: the shorter it is beside it, the less that tells.
        shorter, longer = sorted((len(asked.core), len(name.core)))
        share = fuzz.token_set_ratio(asked.core, name.core) / 100
        whole = max(whole, share * (0.55 + 0.4 * shorter / longer))
    if asked.numbers and name.numbers and asked.numbers != name.numbers:
        whole *= 0.8
    return min(_NEARLY, round(100 * whole, 1))


class _Trigrams:
    """Which strings have which trigrams, as sorted columns of their numbers.

    A rare trigram weighs more than a frequent one; strings are ranked by the weight that they
    share with what is asked (https://en.wikipedia.org/wiki/Dice-Sørensen_coefficient).
    """

    def __init__(self, strings: Iterable[str]) -> None:
        postings: dict[str, array[int]] = {}
        count = 0
        for number, string in enumerate(strings):
            count += 1
            for gram in trigrams(string):
                if gram not in postings:
                    postings[gram] = array("i")
                postings[gram].append(number)
        self._postings = {g: np.frombuffer(p, np.int32) for g, p in postings.items()}
        self._weights = {g: float(np.log1p(count / len(p))) for g, p in postings.items()}
        self._unknown = float(np.log1p(count))
        self._whole: NDArray[np.float64] = np.zeros(count)
        for gram, column in self._postings.items():
            self._whole[column] += self._weights[gram]

    def nearest(self, string: str, most: int = _SHORTLIST) -> list[int]:
        """Return the numbers of the strings that share most, in no order."""
        grams = trigrams(string)
        known = sorted((g for g in grams if g in self._postings), key=self._rarity)
        columns: list[NDArray[np.int32]] = []
        weights: list[float] = []
        total = 0
        for gram in known:
            total += len(self._postings[gram])
            if columns and total > _POSTINGS:
                break
            columns.append(self._postings[gram])
            weights.append(self._weights[gram])
        if not columns:
            return []
        repeated = np.repeat(weights, [len(column) for column in columns])
        shared = np.bincount(np.concatenate(columns), repeated, minlength=len(self._whole))
        asked = sum(self._weights.get(gram, self._unknown) for gram in grams)
        found = np.flatnonzero(shared >= _SHARED * shared.max())
        if len(found) > most:
            likeness = shared[found] / (asked + self._whole[found])
            found = found[np.argpartition(likeness, -most)[-most:]]
        numbers: list[int] = found.tolist()
        return numbers

    def _rarity(self, gram: str) -> tuple[int, str]:
        return len(self._postings[gram]), gram


def trigrams(string: str) -> set[str]:
    """Return what a string has of three characters, each word with blanks around it.

    >>> sorted(trigrams("salo"))
    ['  s', ' sa', 'alo', 'lo ', 'sal']
    """
    found: set[str] = set()
    for word in string.split():
        padded = f"  {word} "
        found.update(padded[at : at + 3] for at in range(len(padded) - 2))
    return found
