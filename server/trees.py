"""A proof as nested lists: each step in words, numbered, down to what it rests on.

Functions and not a template, since the pages of facts are most of a site, and proofs most of them.
"""

from collections.abc import Iterator
from functools import lru_cache

from flask import request
from markupsafe import Markup, escape

from kg.words import say
from server.anchors import href, leaf, linked, ruled
from server.proving import Step, Told

_KEPT = 10_000  # facts that are drawn once for all proofs; some 500 bytes each


def drawn(proof: Step, language: str) -> Markup:
    """Return a proof for a page of a language."""
    lines = "\n".join(_step(proof, language))
    return Markup(f'<ol class="proof">\n{lines}\n</ol>')  # noqa: S704 all was escaped


def _step(step: Step, language: str) -> Iterator[str]:
    told = step.told
    claims = f' data-c="{escape(" ".join(told.claims))}"' if told.claims else ""
    yield "<li>"
    if step.shown:
        see = escape(say(language, "page/see-step", number=str(step.number)))
        yield f'<div class="step {told.origin}"{claims}>'
        yield f'<p class="origin">{_origin(told, language)}</p>'
        yield f'<p class="said">{linked(told)}</p>'
        yield f'<p class="because"><a href="#step-{step.number}">{see}</a></p>'
    else:
        count = f'<span class="count">{step.number}</span>'
        yield f'<div class="step {told.origin}" id="step-{step.number}"{claims}>'
        yield f'<p class="origin">{count} {_origin(told, language)}</p>'
        yield from _basis(told, language, request.script_root)
    yield "</div>"
    if step.premises:
        yield "<ol>"
        for premise in step.premises:
            yield from _step(premise, language)
        yield "</ol>"
    yield "</li>"


def _origin(told: Told, language: str) -> str:
    origin = str(escape(say(language, f"page/origin-{told.origin}")))
    if not told.disputed:
        return origin
    disputed = escape(say(language, "page/rests-on-disputed"))
    return f'{origin} · <strong class="disputed">{disputed}</strong>'


@lru_cache(_KEPT)
def _basis(told: Told, language: str, root: str) -> list[str]:  # noqa: ARG001 the links begin with it
    """Return a fact with what it rests on: the same wherever it stands."""
    lines = [f'<p class="said">{linked(told)}</p>']
    lines += [leaf(ground, language) for ground in told.grounds]
    if told.because:
        because = escape(say(language, "because", clause=told.because))
        axioms = (
            f' · <a href="{escape(href(axiom.path))}">{escape(say(language, "page/an-axiom"))}'
            f"{f' {number}' if len(told.axioms) > 1 else ''}"
            f'<span class="hidden">: {escape(axiom.words)}</span></a>'
            for number, axiom in enumerate(told.axioms, 1)
        )
        lines.append(f'<p class="because">{because} {ruled(told)}{"".join(axioms)}</p>')
        if told.reckoning:
            lines.append(f'<p class="reckoning">{escape(told.reckoning)}</p>')
    return lines
