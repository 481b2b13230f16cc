"""`kg infer` takes any RDF and writes what it states and what follows, or says why not."""

import gzip
import sys
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox
import pytest

from kg import formats
from kg.cli import main
from kg.reason import close

HEAD = """\
PREFIX : <http://example.org/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
CATS = ":Cat rdfs:subClassOf :Animal . :tom a :Cat ."
RULE = """\
# title: a cat has a tail
# source: https://example.org/tails
PREFIX : <http://example.org/>
CONSTRUCT { ?cat :has :tail } WHERE { ?cat a :Cat }
"""
ENDLESS = """\
# title: every cat has a kitten
# source: https://example.org/kittens
PREFIX : <http://example.org/>
CONSTRUCT { ?cat :has ?kitten . ?kitten a :Cat }
WHERE { ?cat a :Cat BIND(IRI(CONCAT(STR(?cat), "x")) AS ?kitten) }
"""


class Done(NamedTuple):
    status: object
    out: str
    told: str


class Infer:
    """Runs `kg infer` as a user does, in the test's folder."""

    def __init__(self, patch: pytest.MonkeyPatch, streams: pytest.CaptureFixture[str]) -> None:
        self._patch, self._streams = patch, streams

    def __call__(self, *words: str) -> Done:
        self._patch.setattr(sys, "argv", ["kg", "infer", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, told = self._streams.readouterr()
        return Done(ended.value.code or 0, out, told)


@pytest.fixture
def infer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infer:
    return Infer(monkeypatch, capsys)


def write(name: str, turtle: str) -> str:
    """Write a file of the current folder, with the usual prefixes, and return its name."""
    Path(name).write_text(HEAD + turtle, encoding="utf-8")
    return name


def lines(turtle: str) -> list[str]:
    """Return the triples of Turtle as lines of N-Triples, sorted."""
    quads = ox.parse(HEAD + turtle, format=ox.RdfFormat.TURTLE)
    return sorted(f"{quad.triple} ." for quad in quads)


def test_what_is_stated_and_what_follows_is_written(infer: Infer) -> None:
    done = infer(write("a.ttl", CATS), "-o", "closed.nt")

    assert done.status == 0
    assert sorted(Path("closed.nt").read_text().splitlines()) == lines(CATS + ":tom a :Animal .")


def test_counts_and_seconds_of_each_stage_are_told(infer: Infer) -> None:
    told = infer(write("a.ttl", CATS), write("b.ttl", ":tom :likes :fish ."), "-o", "c.nt").told

    assert "reading b.ttl …" in told
    assert "read 3 triples of 2 files: 0." in told
    assert "closed in 2 rounds: 0." in told
    assert "wrote 4 triples, of which 1 derived: 0." in told


def test_only_what_follows_is_written_if_asked_for(infer: Infer) -> None:
    done = infer(write("a.ttl", CATS + ":Cat a owl:Class ."), "-o", "-", "--derived-only")
    stated = set(lines(CATS + ":Cat a owl:Class ."))

    assert set(lines(":tom a :Animal .")) <= set(done.out.splitlines())
    assert not stated & set(done.out.splitlines())


def test_the_output_is_what_the_engine_concludes(infer: Infer) -> None:
    text = CATS + """
        :likes a owl:SymmetricProperty ; rdfs:range :Animal .
        :tom :likes :tim ; :weighs "1"^^xsd:byte , "01"^^xsd:integer ; owl:sameAs :thomas .
        :weighs a owl:FunctionalProperty ."""  # fmt: skip
    done = infer(write("a.ttl", text), "-o", "-", "--derived-only")
    closure = close(formats.iterate(Path("a.ttl")))

    assert sorted(f"{triple} ." for triple in closure.derived()) == sorted(done.out.splitlines())


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("syntax", formats.RDF_SYNTAXES, ids=lambda syntax: syntax.name)
def test_every_syntax_is_read_and_written(
    infer: Infer, syntax: formats.Form[ox.RdfFormat], packed: str
) -> None:
    said = ':tom :says "mi\\t\\"ão\\n"@pt .'
    file = f"closed.{syntax.suffix}{packed}"
    infer(write("a.ttl", CATS + said), "-o", file)
    again = infer(file, "-o", "-")

    assert again.status == 0
    assert sorted(again.out.splitlines()) == lines(CATS + said + ":tom a :Animal .")


@pytest.mark.parametrize("suffix", ["trig", "nq"])
def test_named_graphs_are_merged(infer: Infer, suffix: str) -> None:
    quads = [
        ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(f"urn:graph{number}"))
        for number, quad in enumerate(ox.parse(HEAD + CATS, format=ox.RdfFormat.TURTLE))
    ]
    syntax = formats.syntax_of(Path(f"a.{suffix}"))
    Path(f"a.{suffix}").write_bytes(formats.write(quads, syntax))
    done = infer(f"a.{suffix}", "-o", "closed.nq")

    assert done.status == 0
    assert sorted(Path("closed.nq").read_text().splitlines()) == lines(CATS + ":tom a :Animal .")


def test_blank_nodes_of_two_files_are_two(infer: Infer) -> None:
    Path("a.nt").write_text("_:x <urn:p> <urn:a> .\n")
    Path("b.nt").write_text("_:x <urn:p> <urn:b> .\n")
    done = infer("a.nt", "b.nt", "-o", "-")

    assert done.out.splitlines() == ["_:b1 <urn:p> <urn:a> .", "_:b2 <urn:p> <urn:b> ."]


@pytest.mark.parametrize("suffix", ["nt", "ttl.gz"])
def test_the_same_input_gives_the_same_bytes(infer: Infer, suffix: str) -> None:
    text = CATS + "[] :likes [ a :Cat ] . :Tail owl:unionOf ( :Cat [ a owl:Class ] ) ."
    written = []
    for name in ("one", "other"):
        infer(write("a.ttl", text), "-o", f"{name}.{suffix}")
        written.append(Path(f"{name}.{suffix}").read_bytes())

    assert written[0] == written[1]


def test_a_triple_stated_twice_is_written_once(infer: Infer) -> None:
    done = infer(write("a.ttl", CATS), write("b.ttl", CATS), "-o", "-")

    assert sorted(done.out.splitlines()) == lines(CATS + ":tom a :Animal .")
    assert "wrote 3 triples, of which 1 derived" in done.told


def test_characters_that_need_escapes_stay_what_they_are(infer: Infer) -> None:
    everything = "".join(map(chr, [*range(0x300), 0x2028, 0xFFFD, 0x1D11E]))
    triple = ox.Triple(ox.NamedNode("urn:a"), ox.NamedNode("urn:é"), ox.Literal(everything))
    Path("a.nt").write_bytes(
        formats.write([triple], formats.named("ntriples", formats.RDF_SYNTAXES))
    )
    infer("a.nt", "-o", "closed.nt")

    assert [*formats.iterate(Path("closed.nt"))] == [triple]


def test_rules_of_a_file_or_of_a_folder_are_applied(infer: Infer) -> None:
    Path("rules/cats").mkdir(parents=True)
    Path("rules/cats/tail.rq").write_text(RULE)
    cats = write("a.ttl", CATS)
    of_folder = infer(cats, "--rules", "rules", "-o", "-")
    of_file = infer(cats, "--rules", "rules/cats/tail.rq", "-o", "-")

    assert lines(CATS + ":tom a :Animal ; :has :tail .") == sorted(of_folder.out.splitlines())
    assert of_folder.out == of_file.out
    assert "closing under OWL 2 RL and 1 rule …" in of_folder.told


def test_what_says_nothing_is_written_if_asked_for(infer: Infer) -> None:
    cats = write("a.ttl", CATS)
    reflexive = lines(":tom owl:sameAs :tom .")[0]

    assert reflexive not in infer(cats, "-o", "-").out
    assert reflexive in infer(cats, "-o", "-", "--trivial").out


def test_equal_terms_have_every_name_or_one(infer: Infer) -> None:
    text = ":tom owl:sameAs :thomas ; :likes :fish . :thomas :likes :milk ."
    same = write("a.ttl", text)
    every = infer(same, "-o", "-").out.splitlines()
    one = infer(same, "-o", "-", "--representatives")

    assert set(lines(text + ":thomas :likes :fish . :tom :likes :milk .")) <= set(every)
    assert sorted(one.out.splitlines()) == lines(
        ":tom :likes :fish , :milk . :thomas owl:sameAs :tom ."
    )
    assert "wrote 3 triples on representatives" in one.told


def test_a_closure_that_equal_terms_blow_up_is_refused_at_once(infer: Infer) -> None:
    same = write("a.ttl", "".join(f":tom owl:sameAs :t{n} .\n" for n in range(10_000)))
    Path("closed.nt").write_text("of last time\n")
    refused = infer(same, "-o", "closed.nt")

    assert refused.status == 2
    assert "the closure has 100,020,001 triples, more than 50,000,000" in refused.told
    assert "--representatives" in refused.told
    assert Path("closed.nt").read_text() == "of last time\n"
    assert sorted(path.name for path in Path().iterdir()) == ["a.ttl", "closed.nt"]

    accepted = infer(same, "-o", "closed.nt", "--representatives")

    assert accepted.status == 0
    assert len(Path("closed.nt").read_text().splitlines()) == 10_000


def test_contradictions_are_told_with_their_premises_and_the_closure_is_written(
    infer: Infer,
) -> None:
    bad = write("a.ttl", ":Cat owl:disjointWith :Dog . :tom a :Cat , :Dog . [] a :Cat .")
    done = infer(bad, "-o", "closed.nt")

    assert done.status == 1
    assert (
        "contradiction by owl-rl/cax-dw: <http://example.org/Cat> owl:disjointWith "
        "<http://example.org/Dog> . <http://example.org/tom> rdf:type <http://example.org/Cat> . "
        "<http://example.org/tom> rdf:type <http://example.org/Dog>\n"
    ) in done.told
    assert "more contradictions" not in done.told
    assert len(Path("closed.nt").read_text().splitlines()) == 4


@pytest.mark.parametrize(("cats", "told"), [(25, "5"), (10_021, "more than 10,000")])
def test_of_many_contradictions_the_first_are_told(infer: Infer, cats: int, told: str) -> None:
    both = "".join("[] a :Cat , :Dog .\n" for _ in range(cats))
    done = infer(write("a.ttl", ":Cat owl:disjointWith :Dog .\n" + both), "-o", "closed.nt")

    assert done.status == 1
    assert done.told.count("contradiction by owl-rl/cax-dw") == 20
    assert "_:b20 rdf:type <http://example.org/Dog>\n" in done.told
    assert done.told.endswith(f"… and {told} more contradictions\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a.ttl", "none.ttl"], "none.ttl: there is no such file"),
        (["a.ttl", "."], ".: no RDF syntax has this suffix"),
        (["a.owl"], "known are .ttl, .nt, .rdf, .jsonld, .trig, .nq"),
        (["broken.ttl"], "broken.ttl:5: this is not Turtle: column"),
        (["broken.nt"], "broken.nt:2: this is not N-Triples: column"),
        (["latin.nt"], "latin.nt:1: this is not N-Triples: column"),
        (["broken.ttl.gz"], "broken.ttl.gz: cannot be read: not a gzipped file"),
        (["half.ttl.gz"], "half.ttl.gz: cannot be read: compressed file ended"),
        (["a.ttl", "-o", "closed.txt"], "or say which: --format"),
        (["a.ttl", "-o", "none/closed.nt"], "none/closed.nt: cannot be written: no such file"),
        (["a.ttl", "-o", "folder.nt"], "folder.nt: cannot be written: is a directory"),
        (["a.ttl", "-o", "/dev/full", "--format", "nquads"], "/dev/full: cannot be written: no space"),
        (["names.ttl", "-o", "closed.rdf"], "<http://example.org/1> cannot be a property in RDF/XML"),
        (["a.ttl", "--rules", "none.rq"], "none.rq: there is no such file"),
        (["a.ttl", "--rules", "folder.nt"], "folder.nt: there is no rule in this folder"),
        (["a.ttl", "--rules", "endless.rq"], "a BIND makes ever new terms"),
        (["nested.ttl"], "triples inside triples"),
        (["a.ttl", "--derived-only", "--representatives"], "not both"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_one_message_and_status_2(
    infer: Infer, words: list[str], told: str
) -> None:
    write("a.ttl", CATS)
    write("broken.ttl", ":a :b .\n:c")
    write("names.ttl", ":a <http://example.org/1> :b .")
    write("nested.ttl", ":a :b <<( :a :b :c )>> .")
    Path("broken.nt").write_text("<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b <urn:c> .\n")
    Path("latin.nt").write_bytes('<urn:a> <urn:b> "é" .\n'.encode("latin-1"))
    Path("broken.ttl.gz").write_text(CATS)
    Path("half.ttl.gz").write_bytes(gzip.compress((HEAD + CATS * 1000).encode())[:-40])
    Path("endless.rq").write_text(ENDLESS)
    Path("folder.nt").mkdir()
    before = sorted(Path().iterdir())
    done = infer(*words, *([] if "-o" in words else ["-o", "closed.nt"]))

    assert done.status == 2
    assert told in done.told
    assert sorted(Path().iterdir()) == before
