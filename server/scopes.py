"""What a query may ask: all texts, one of them, reference works, or everything that is told."""

from dataclasses import dataclass

from kg import Graph, perspectives
from kg.errors import BadQuery, did_you_mean
from kg.perspectives import REFERENCE, WIKIDATA
from kg.positions import tokens
from kg.store import kept
from kg.terms import shorten
from kg.words import say
from server import cards

EVERYTHING = "everything"
_BESIDE = ("g:ontology", "g:entities", "g:claims")
_TOLD = ("g:disagreements", "g:why", "g:alignments", "g:shapes")


@dataclass(frozen=True, slots=True)
class Scope:
    """What can be asked.

    Attributes:
        name: by which it is asked for; empty of the texts, which are asked without one.
        label: in words.
        keys: of the perspectives in it.
        graphs: that are asked together.
        named: that GRAPH finds, where they are not all that there are; else empty.
    """

    name: str
    label: str
    keys: tuple[str, ...]
    graphs: tuple[str, ...]
    named: tuple[str, ...] = ()

    @property
    def dataset(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the default and the named graphs to ask for; none where none need be named."""
        return (self.graphs, self.named) if self.name else ((), ())

    def parameters(self, query: str) -> list[tuple[str, str]]:
        """Return what an endpoint is told for a query; the named graphs, if it looks at any."""
        defaults, named = self.dataset
        if not any(
            token.kind == "word" and token.text.upper() == "GRAPH" for token in tokens(query)
        ):
            named = ()
        return [("default-graph-uri", each) for each in defaults] + [
            ("named-graph-uri", each) for each in named
        ]


@kept(10)
def scopes(graph: Graph, language: str) -> tuple[Scope, ...]:
    """Return what can be asked of a graph, the texts first; nothing of one without texts."""
    known = perspectives.keys_of(graph)
    texts = tuple(key for key in known if key.startswith("text/"))
    works = tuple(key for key in known if key in {REFERENCE, WIKIDATA})
    if not texts:
        return ()
    found = [Scope("", say(language, "page/ask-texts"), texts, _graphs(texts))]
    for key in texts:
        title = cards.text(graph, key.partition("/")[2]).title
        label = say(language, "page/ask-text", title=title)
        found.append(Scope(key, label, (key,), _graphs((key,)), _named(graph, (key,))))
    if works:
        label = say(language, "page/ask-reference")
        found.append(Scope(REFERENCE, label, works, _graphs(works), _named(graph, works)))
    label = say(language, "page/ask-everything")
    everything = (*_graphs(known), *_TOLD)
    found.append(Scope(EVERYTHING, label, tuple(known), everything, _named(graph, tuple(known))))
    return tuple(found)


def find(graph: Graph, name: str, language: str) -> Scope:
    """Return what is asked for by a name.

    Raises: BadQuery, with the nearest.
    """
    known = scopes(graph, language)
    for scope in known:
        if scope.name == name:
            return scope
    if not name:  # other data than texts: all that the endpoint has
        return Scope("", "", (), ())
    names = [scope.name for scope in known if scope.name]
    hint = did_you_mean(name, names) or (f"choose one of {', '.join(names)}" if names else "")
    raise BadQuery(f"nothing is called {name!r} that could be asked", hint=hint)


def _graphs(keys: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (*(f"g:view/{key}" for key in keys), *_BESIDE)


def _named(graph: Graph, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the claims of perspectives, and of the graphs that tell of all."""
    claims = {
        shorten(claim) for key in keys for claim in perspectives.read(graph.store, key).claims
    }
    return (*_graphs(keys), *_TOLD, *sorted(claims))
