"""Question files: what a reader may ask in plain words, with the query and its answer.

A question `ontology/questions/<question>.rq` begins with a header: the question in each language
of the interface (`# en: …`), and where they apply:

- `# flags:`, see `Question`
- `# guards:`, `# guards-pt:`, … the mistake that an empty answer guards against
- `# view:` how the answer is best looked at, a name of `server/views`; without it, as a table
- `# columns-pt: …`, … what its columns are called in another language than that of its variables
- `# ask: id:badoglio cas:Person`, a thing of the query in whose place others of a class can be put

`<question>.csv` beside it holds the answer, names shortened, in the order of the query.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from kg import formats
from kg.errors import BrokenSyntax, Place, UnknownName, did_you_mean
from kg.positions import tokens
from kg.rules import header
from kg.sparql import edited

LANGUAGES = ("en", "pt", "it")
# What a reader of the query need not see.
_HEADER = frozenset({*LANGUAGES, "flags", "ask", "guards"})
_COLUMNS = "columns-"
_OTHERS = tuple(f"{key}-{language}" for key in ("columns", "guards") for language in LANGUAGES)


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        name: of its file.
        titles: the question, by language.
        flags: I needs inference, T time, U vague, P provenance is part of it, D disputed.
        guards: the mistake that the empty answer guards against, by language; or empty.
        view: how the answer is best looked at; may be empty.
        asks: a thing in the query and the class of what can be put in its place; or empty.
        columns: what they are called, by language; of a language without them, as its variables.
        query: SPARQL, as written.
        path: its file.
    """

    name: str
    titles: dict[str, str]
    flags: tuple[str, ...]
    guards: dict[str, str]
    view: str
    asks: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    query: str
    path: Path

    def answer(self) -> list[list[str]]:
        """Return the expected answer: the names of the columns, then the rows.

        Raises: UnreadableInput, if there is no such file.
        """
        text = formats.read_text(self.path.with_suffix(".csv"))
        return list(csv.reader(text.splitlines()))

    def shown(self, language: str) -> str:
        """Return the query as a reader is shown it: of its header the question and the view."""
        kept = [f"# {self.titles[language]}\n"]
        for line in self.query.splitlines(keepends=True):
            key = line.lstrip("# ").partition(":")[0].strip() if line.startswith("#") else ""
            if key not in {*_HEADER, *_OTHERS}:
                kept.append(line)
        return "".join(kept)

    def of(self, query: str, thing: str) -> str:
        """Return its query, as it is or as shown, with another thing in the place of its own."""
        own = self.asks[0]
        found = (token for token in tokens(query) if token.text == own)
        edits = [(token.offset, token.offset + len(own), thing) for token in found]
        return edited(query, edits)


def read_questions(folder: Path) -> list[Question]:
    """Return the questions of a folder, sorted by name.

    Raises: UnreadableInput and BrokenSyntax, as `read_question` does.
    """
    return [read_question(path) for path in sorted(folder.glob("*.rq"))]


def read_question(path: Path) -> Question:
    """Return the question of a file.

    Raises: UnreadableInput, if the file cannot be read; BrokenSyntax, if it is not asked in
            every language, or what it asks of is not in it.
    """
    text = formats.read_text(path)
    about = dict(header(text))
    for language in LANGUAGES:
        if not about.get(language):
            hint = f"begin with `# {language}: …`"
            raise BrokenSyntax(f"the question is not asked in {language}", Place(path, 1), hint)
        if "guards" in about and not about.get(_guards(language)):
            hint = f"begin a line with `# {_guards(language)}: …`"
            raise BrokenSyntax(f"what it guards is not told in {language}", Place(path, 1), hint)
    asks = tuple(about.get("ask", "").split())
    if asks and (len(asks) != 2 or asks[0] not in {token.text for token in tokens(text)}):
        hint = "name a thing as it stands in the query, and a class: `# ask: id:rome cas:City`"
        raise BrokenSyntax(f"{about['ask']!r} is not asked of", Place(path, 1), hint)
    return Question(
        path.stem,
        {language: about[language] for language in LANGUAGES},
        tuple(about.get("flags", "").split()),
        {language: about[_guards(language)] for language in LANGUAGES if "guards" in about},
        about.get("view", ""),
        asks,
        {
            key.removeprefix(_COLUMNS): tuple(name.strip() for name in value.split("|"))
            for key, value in about.items()
            if key.startswith(_COLUMNS)
        },
        text,
        path,
    )


def _guards(language: str) -> str:
    return "guards" if language == LANGUAGES[0] else f"guards-{language}"


def find(name: str, folder: Path) -> Question:
    """Return the question of that name.

    Raises: UnknownName, with the nearest one.
    """
    known = [path.stem for path in folder.glob("*.rq")]
    if name not in known:
        hint = did_you_mean(name, known) or "`kg ask` lists the questions"
        raise UnknownName(f"there is no question {name!r}", hint=hint)
    return read_question(folder / f"{name}.rq")
