"""Question files: what a reader may ask in plain words, with the query and its answer.

A question `ontology/questions/<question>.rq` begins with a header: the question in each language
of the interface (`# en: …`), and where they apply `# flags:` and `# guards:` (the mistake that an
empty answer guards against).
`<question>.csv` beside it holds the answer, names shortened, in the order of the query.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from kg import formats
from kg.errors import BrokenSyntax, Place, UnknownName, did_you_mean
from kg.rules import header

LANGUAGES = ("en", "pt", "it")


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        name: of its file.
        titles: the question, by language.
        flags: I needs inference, T time, U vague, P provenance is part of it, D disputed.
        guards: the mistake that the empty answer guards against, or empty.
        query: SPARQL, as written.
        path: its file.
    """

    name: str
    titles: dict[str, str]
    flags: tuple[str, ...]
    guards: str
    query: str
    path: Path

    def answer(self) -> list[list[str]]:
        """Return the expected answer: the names of the columns, then the rows.

        Raises: UnreadableInput, if there is no such file.
        """
        text = formats.read_text(self.path.with_suffix(".csv"))
        return list(csv.reader(text.splitlines()))


def read_questions(folder: Path) -> list[Question]:
    """Return the questions of a folder, sorted by name.

    Raises: UnreadableInput and BrokenSyntax, as `read_question` does.
    """
    return [read_question(path) for path in sorted(folder.glob("*.rq"))]


def read_question(path: Path) -> Question:
    """Return the question of a file.

    Raises: UnreadableInput, if the file cannot be read; BrokenSyntax, if it is not asked in
            every language.
    """
    text = formats.read_text(path)
    about = dict(header(text))
    for language in LANGUAGES:
        if not about.get(language):
            hint = f"begin with `# {language}: …`"
            raise BrokenSyntax(f"the question is not asked in {language}", Place(path, 1), hint)
    return Question(
        path.stem,
        {language: about[language] for language in LANGUAGES},
        tuple(about.get("flags", "").split()),
        about.get("guards", ""),
        text,
        path,
    )


def find(name: str, folder: Path) -> Question:
    """Return the question of that name.

    Raises: UnknownName, with the nearest one.
    """
    known = [path.stem for path in folder.glob("*.rq")]
    if name not in known:
        hint = did_you_mean(name, known) or "`kg ask` lists the questions"
        raise UnknownName(f"there is no question {name!r}", hint=hint)
    return read_question(folder / f"{name}.rq")
