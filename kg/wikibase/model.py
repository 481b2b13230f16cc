"""Entities as Wikibase keeps them: statements with values, qualifiers, references and rank.

Source: https://www.mediawiki.org/wiki/Wikibase/DataModel
"""

import re
from dataclasses import dataclass, field

WIKIDATA = "http://www.wikidata.org/entity/"
# See ontology/wikibase/qids.tsv: two calendars, a planet, the number one.
GREGORIAN, JULIAN, EARTH, ONE = (WIKIDATA + qid for qid in ("Q1985727", "Q1985786", "Q2", "Q199"))
ID = re.compile(r"[QPLM][1-9][0-9]*")
DAY, MONTH, YEAR, DECADE = 11, 10, 9, 8
PREFERRED, NORMAL, DEPRECATED = "preferred", "normal", "deprecated"
SOME, NONE = "somevalue", "novalue"


@dataclass(frozen=True, slots=True)
class Item:
    """A thing.

    Attributes:
        id: `Q220`, `P39`; of ours that has none, the last part of its name, `fall-of-mussolini`.
    """

    id: str


@dataclass(frozen=True, slots=True)
class Time:
    """A date.

    Attributes:
        time: `+1943-07-00T00:00:00Z`.
        precision: 11 a day, 10 a month, 9 a year, 8 a decade; less is coarser.
        calendar: the IRI of the one that the digits are in.
        timezone: minutes from UTC.
    """

    time: str
    precision: int
    calendar: str = GREGORIAN
    timezone: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """Where something lies, in degrees.

    Attributes:
        latitude: of it.
        longitude: of it.
        precision: None where none is kept.
        globe: the IRI of the planet.
    """

    latitude: float
    longitude: float
    precision: float | None = None
    globe: str = EARTH


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit, each as it is written.

    Attributes:
        amount: `+5`.
        unit: an IRI, or `1` for none.
        upper: the bound above; empty where there is none.
        lower: the bound below.
    """

    amount: str
    unit: str = "1"
    upper: str = ""
    lower: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Words in a language."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class String:
    """Signs without a language.

    Attributes:
        text: the signs.
        datatype: what they are: string, url, external-id, commonsMedia, geo-shape …
    """

    text: str
    datatype: str = "string"


Value = Item | Time | Point | Quantity | Text | String


@dataclass(frozen=True, slots=True)
class Snak:
    """A property with a value, or with `SOME` or `NONE` in place of one."""

    property: str
    value: Value | str


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of an entity.

    Attributes:
        id: `Q200085$48718e9c-…`.
        main: what is said.
        rank: `PREFERRED`, `NORMAL` or `DEPRECATED`.
        qualifiers: when, after whom and so on.
        references: where it stands, each the snaks of one.
        inferred: the name of the fact, if what is said was inferred.
        inferred_qualifiers: the properties of the qualifiers that were.
    """

    id: str
    main: Snak
    rank: str = NORMAL
    qualifiers: tuple[Snak, ...] = ()
    references: tuple[tuple[Snak, ...], ...] = ()
    inferred: str = ""
    inferred_qualifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """An item or a property.

    Attributes:
        id: as in `Item`.
        kind: item or property.
        labels: by language.
        descriptions: by language.
        aliases: by language.
        statements: of it.
        datatype: of a property, as entity JSON names it: wikibase-item, time …
        exact: names of the same elsewhere.
    """

    id: str
    kind: str = "item"
    labels: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()
    datatype: str = ""
    exact: tuple[str, ...] = ()

    def best(self, statement: Statement) -> bool:
        """Return whether a statement is of the best rank that its property has here."""
        ranks = {
            each.rank for each in self.statements if each.main.property == statement.main.property
        }
        return statement.rank == (PREFERRED if PREFERRED in ranks else NORMAL)
