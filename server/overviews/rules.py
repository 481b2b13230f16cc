"""By what conclusions are drawn: every rule, family by family, and how often it was used."""

from dataclasses import dataclass
from itertools import groupby

from kg import Graph, resources, words
from server import documents, layout, proving
from server.state import Served

_RULES = "rule/"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is listed.

    Attributes:
        name: `office/shared-handover`.
        title: what it says.
        path: of its page.
        used: the number of recorded inferences that go by it.
    """

    name: str
    title: str
    path: str
    used: int


def page(here: Served, language: str) -> str:
    """Return the page with all rules."""
    graph = here.graph
    names = (name for name in resources.names(graph) if name.startswith(_RULES))
    found = [_rule(graph, name.removeprefix(_RULES), language) for name in names]
    families = groupby(found, key=lambda rule: rule.name.partition("/")[0])
    return layout.framed(
        "rules.html",
        "rules",
        language,
        families=[(name, _family(name, language), [*rules]) for name, rules in families],
        steps=words.number(language, proving.uses(graph).total()),
    )


def _rule(graph: Graph, name: str, language: str) -> Rule:
    return Rule(
        name,
        proving.rule_title(graph, name, language),
        documents.address(f"{_RULES}{name}", language=language),
        proving.uses(graph)[name],
    )


def _family(name: str, language: str) -> str:
    """Return what a family is about, its name where no message tells."""
    key = f"family/{name}"
    return words.say(language, key) if words.has(language, key) else name
