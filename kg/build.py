"""The pipeline, as named steps: read, check, describe, close, assemble, write.

Same input, same bytes; nothing changed, no work. A build writes beside the last good one and
replaces the pointer at the end, so a build that is killed changes nothing.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import pyoxigraph as ox

from kg import evidence, formats, paths, perspectives, reason
from kg.errors import (
    BrokenSyntax,
    CannotWrite,
    FaultyMapping,
    Finding,
    NoGraph,
    Place,
    UnreadableInput,
)
from kg.load import Source, folders, read_source
from kg.perspectives import Perspective
from kg.proof import record
from kg.proof.derivation import Contradiction
from kg.rules import Rule, read_rules
from kg.store import CURRENT, REPORT, open_one, write_store
from kg.terms import PREFIXES, expand, shorten

DUMP = "graph.trig"
_LIBRARIES = ("edtf", "owlrl", "pyoxigraph", "pyshacl", "rdflib")
_NAME = re.compile(r"[0-9a-f]{16}")  # of a build; nothing else in its folder is ever removed
_FILES = {"core": "g:ontology", "shapes": "g:shapes", "alignments": "g:alignments"}
Progress = Callable[[str], None]
Engine = Literal["columns", "owlrl"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did.

    Attributes:
        folder: where the store and the dump are.
        texts: of each text its sentences, claims, alternatives, coverage, and the number of
            triples stated and derived.
        findings: warnings, and what cannot all hold.
        quads: in the store, the default graph included.
        seconds: of work; 0 where nothing had changed.
        changed: whether there was anything to do.
    """

    folder: Path
    texts: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    quads: int
    seconds: float
    changed: bool


def check(
    seeds: Path = paths.SEEDS, ontology: Path = paths.ONTOLOGY
) -> tuple[list[Source], list[Finding]]:
    """Return the texts that can be read, and every fault in all of them, by place.

    A file that cannot be read at all is a finding too.

    Raises: UnreadableInput, if there is no folder of texts; UnreadableInput and BrokenSyntax, if
            the ontology or its shapes cannot be read.
    """
    from kg import validate  # noqa: PLC0415 a third of a second that only a check need spend

    sources, findings = [], []
    for folder in folders(seeds):
        try:
            source, found = read_source(folder)
        except (UnreadableInput, BrokenSyntax) as error:
            place = error.place or Place(folder)
            findings.append(Finding("error", "unreadable", place, error.message, error.hint))
            continue
        sources.append(source)
        findings += found
        findings += validate.violations(source, ontology)
    return sources, sorted(
        set(findings), key=lambda f: (f.place, f.severity, f.code, f.message, f.hint)
    )


def build(
    out: Path = paths.BUILD,
    seeds: Path = paths.SEEDS,
    ontology: Path = paths.ONTOLOGY,
    progress: Progress = lambda _: None,
    engine: Engine = "columns",
) -> Report:
    """Build the graph of all texts into a folder, unless it is there already.

    With the engine "owlrl" the same follows, slowly and without proofs.

    Raises: FaultyMapping, if the check finds an error; UnreadableInput and BrokenSyntax, if the
            ontology or a rule cannot be read; CannotWrite, if the folder is no place to write.
    """
    started = perf_counter()
    name = _digest(seeds, ontology, engine)
    if _is_complete(out / name):
        _point(out, name)
        return _read_report(out / name, seeds)
    progress("checking the texts")
    sources, findings = check(seeds, ontology)
    if any(finding.severity == "error" for finding in findings):
        raise FaultyMapping(findings)
    core = (quad.triple for quad in formats.read(ontology / "core.ttl"))
    axioms = sorted(filter(reason.is_axiom, core), key=str)
    rules = read_rules(ontology / "rules")
    quads = set(_claim_graphs(sources)) | set(_files(ontology))
    texts = []
    for source, perspective in zip(sources, perspectives.of_texts(sources), strict=True):
        progress(f"reasoning over {source.name}")
        closed = _closed(source, perspective, axioms, rules, engine)
        findings += closed.findings
        quads.update(closed.quads)
        texts.append(_figures(source, perspective, closed))
    quads |= set(_default_graph(quads))
    progress(f"writing {len(quads):,} quads")
    report = Report(out / name, tuple(texts), tuple(findings), len(quads), 0.0, changed=True)
    _write(out, quads, report, seeds)
    return replace(report, seconds=perf_counter() - started)


def _claim_graphs(sources: Iterable[Source]) -> Iterator[ox.Quad]:
    """Yield the claims, each in its own graph, and what is known of claims and entities."""
    for source in sources:
        for claim in source.claims:
            yield from _in(claim.iri, claim.triples)
        yield from _in(expand("g:claims"), evidence.describe(source))
        yield from _in(expand("g:entities"), source.entities)


def _files(ontology: Path) -> Iterator[ox.Quad]:
    for stem, graph in _FILES.items():
        yield from _in(expand(graph), (q.triple for q in formats.read(ontology / f"{stem}.ttl")))


@dataclass(frozen=True, slots=True)
class _Closed:
    """A perspective with all that follows.

    Attributes:
        derived: what follows and says something.
        quads: the derived graph, the view and the proofs.
        findings: what cannot all hold.
        figures: of the reasoning.
    """

    derived: frozenset[ox.Triple]
    quads: tuple[ox.Quad, ...]
    findings: tuple[Finding, ...]
    figures: dict[str, int]


def _closed(
    source: Source,
    perspective: Perspective,
    axioms: Sequence[ox.Triple],
    rules: Sequence[Rule],
    engine: Engine,
) -> _Closed:
    stated = perspective.stated
    if engine == "owlrl":
        from kg.reason import oracle  # noqa: PLC0415 half a second, for those who ask for it

        whole, messages = oracle.close_with_rules([*stated, *axioms], rules)
        derived = _saying(whole - set(axioms), stated, axioms)
        findings = tuple(_told(source, (), message) for message in sorted(messages))
        return _Closed(derived, (*_graphs(perspective, stated, derived),), findings, {})
    closure = reason.close([*stated, *axioms], rules)
    derived = _saying(closure.derived(), stated, axioms)
    contradictions = [*closure.contradictions()]
    clashing = [premise for each in contradictions for premise in each.premises]
    weakness = {claim.iri: record.READINGS.index(claim.reading) for claim in source.claims}
    known = record.facts(
        [*stated, *derived, *clashing], closure.steps(), closure.round_of, stated, axioms, weakness
    )
    why = _in(expand("g:why"), record.describe(perspective.key, known))
    return _Closed(
        derived,
        (*_graphs(perspective, stated, derived), *why),
        tuple(_contradiction(source, each, known) for each in contradictions),
        {"rounds": closure.rounds, "inferences": sum(len(f.steps) for f in known.values())},
    )


def _saying(
    triples: Iterable[ox.Triple], stated: Container[ox.Triple], axioms: Iterable[ox.Triple]
) -> frozenset[ox.Triple]:
    """Return the conclusions that say something of the world."""
    terms = {axiom.subject for axiom in axioms}
    return frozenset(t for t in triples if t not in stated and reason.says_something(t, terms))


def _graphs(
    perspective: Perspective, stated: Iterable[ox.Triple], derived: Iterable[ox.Triple]
) -> Iterator[ox.Quad]:
    """Yield the derived graph and the view, which leaves out what relates a thing to itself."""
    yield from _in(perspective.derived, derived)
    yield from _in(perspective.view, (t for t in (*stated, *derived) if t.subject != t.object))


def _default_graph(quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """Yield what is asked when no graph is named: the texts' views, ontology, names and claims."""
    views = PREFIXES["g"] + "view/text/"
    whole = {expand(f"g:{name}") for name in ("ontology", "entities", "claims")}
    for quad in quads:
        graph = quad.graph_name
        if graph in whole or (isinstance(graph, ox.NamedNode) and graph.value.startswith(views)):
            yield from _in(ox.DefaultGraph(), [quad.triple])


def _in(graph: ox.NamedNode | ox.DefaultGraph, triples: Iterable[ox.Triple]) -> Iterator[ox.Quad]:
    return (ox.Quad(t.subject, t.predicate, t.object, graph) for t in triples)


def _contradiction(
    source: Source, found: Contradiction, known: Mapping[ox.Triple, record.Fact]
) -> Finding:
    """Return a contradiction as a finding that names the claims it rests on."""
    claims = sorted({c for p in found.premises for c in record.leaves(p, known)}, key=str)
    said = ", ".join(" ".join(map(shorten, p)) for p in found.premises if p in known)
    message = f"cannot all hold: {said or found.detail}"
    if claims:
        message += f"; it rests on {', '.join(c.value.rpartition('/')[2] for c in claims)}"
    return _told(source, [claim.value for claim in claims], f"{message} ({found.rule})")


def _told(source: Source, names: Iterable[str], message: str) -> Finding:
    things = (expand(name).value for name in re.findall(r"\bid:[\w-]+", message))
    place = source.positions.of(*names, *things, source.iri.value)
    return Finding("warning", "inconsistent", place, message, "one of the claims must give way")


def _figures(source: Source, perspective: Perspective, closed: _Closed) -> dict[str, Any]:
    asserted = sum(claim.asserted for claim in source.claims)
    return {
        "name": source.name,
        "sentences": len(source.sentences),
        "claims": asserted,
        "alternatives": len(source.claims) - asserted,
        "coverage": round(source.coverage, 4),
        "stated": len(perspective.stated),
        "derived": len(closed.derived),
        **closed.figures,
    }


def _write(out: Path, quads: set[ox.Quad], report: Report, seeds: Path) -> None:
    """Write a build beside the others, point to it, and drop all but it and the one before."""
    name = report.folder.name
    partial = out / f".partial-{os.getpid()}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        partial.mkdir()
        trig = formats.named("trig", formats.RDF_SYNTAXES)
        (partial / DUMP).write_bytes(formats.write(quads, trig, PREFIXES))
        write_store(quads, partial)
        (partial / REPORT).write_text(_written(report, seeds), encoding="utf-8")
        if not _is_complete(out / name):  # else another build was faster, with the same result
            shutil.rmtree(out / name, ignore_errors=True)
            partial.rename(out / name)
        last = _point(out, name)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise CannotWrite(f"cannot write the build: {why}", Place(out)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for folder in out.iterdir():
        if _NAME.fullmatch(folder.name) and folder.name not in {name, last}:
            shutil.rmtree(folder, ignore_errors=True)


def _point(out: Path, name: str) -> str:
    """Make this build the current one, in one step; return the one that was."""
    pointer = out / CURRENT
    last = pointer.read_text(encoding="utf-8", errors="replace") if pointer.is_file() else ""
    last = last.strip()
    if last != name:
        fresh = out / f".{CURRENT}-{os.getpid()}"
        fresh.write_text(f"{name}\n", encoding="utf-8")
        fresh.replace(pointer)
    return last


def _sweep(out: Path) -> None:
    """Remove what builds left behind that were killed; those of living processes stay."""
    for partial in out.glob(".partial-*"):
        process = partial.name.removeprefix(".partial-")
        if not process.isdecimal() or not _is_alive(int(process)):
            shutil.rmtree(partial, ignore_errors=True)


def _is_alive(process: int) -> bool:
    """Return whether another process of this number runs."""
    if process == os.getpid():  # this one has written nothing yet: the number was used before
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # someone else's
    return True


def _digest(seeds: Path, ontology: Path, engine: Engine) -> str:
    """Return a name for what a build depends on: its input, this code and the engines."""
    libraries = (f"{name} {version(name)}" for name in _LIBRARIES)
    digest = sha256("\n".join([engine, *libraries]).encode())
    inputs = [
        *(ontology / f"{stem}.ttl" for stem in _FILES),
        *sorted((ontology / "rules").glob("*/*.rq")),
        *(path for folder in folders(seeds) for path in sorted(folder.glob("*.t*"))),
        *sorted(paths.CODE.rglob("*.py")),
    ]
    for path in inputs:
        digest.update(f"\n{path.parent.name}/{path.name}\n".encode())
        with suppress(OSError):  # a missing file is for the check to tell
            digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _is_complete(folder: Path) -> bool:
    """Return whether this build is there and undamaged."""
    try:
        open_one(folder)
    except NoGraph:
        return False
    return True


def _written(report: Report, seeds: Path) -> str:
    """Return what is kept of a report: nothing that differs by machine or hour."""
    findings = [
        {**asdict(f), "place": [f.place.path.relative_to(seeds).as_posix(), f.place.line]}
        for f in report.findings
    ]
    kept = {"texts": report.texts, "findings": findings, "quads": report.quads}
    return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"


def _read_report(folder: Path, seeds: Path) -> Report:
    kept = json.loads(formats.read_text(folder / REPORT))
    findings = (
        Finding(**{**f, "place": Place(seeds / f["place"][0], f["place"][1])})
        for f in kept["findings"]
    )
    return Report(folder, tuple(kept["texts"]), tuple(findings), kept["quads"], 0.0, changed=False)
