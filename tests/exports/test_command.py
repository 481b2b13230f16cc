"""`kg export`: what it writes, where to, and what it refuses."""

import gzip
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kg import exports, open_graph


def run(*words: str, build: Path) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "kg", "export", *words, "--build", str(build)]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert b"Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def ntriples(build: Path) -> bytes:
    out = io.BytesIO()
    exports.named("ntriples").write(open_graph(build), out)
    return out.getvalue()


def test_the_forms_are_listed(build: Path) -> None:
    listed = run(build=build).stdout.decode()

    for export in exports.exports():
        assert f"{export.name} " in listed
        assert f" {export.title}\n" in listed


def test_a_form_goes_to_standard_output(build: Path, ntriples: bytes) -> None:
    done = run("ntriples", build=build)

    assert (done.returncode, done.stdout, done.stderr) == (0, ntriples, b"")


def test_a_file_is_written_and_nothing_beside_it(build: Path, ntriples: bytes) -> None:
    Path("there.nt").write_text("older")
    done = run("ntriples", "-o", "there.nt", build=build)

    assert done.returncode == 0
    assert Path("there.nt").read_bytes() == ntriples
    assert [path.name for path in Path().iterdir()] == ["there.nt"]


def test_a_link_stays_a_link(build: Path, ntriples: bytes) -> None:
    Path("link.nt").symlink_to("there.nt")
    run("ntriples", "-o", "link.nt", build=build)

    assert Path("link.nt").is_symlink()
    assert Path("there.nt").read_bytes() == ntriples


def test_a_pipe_is_written_into_and_stays_one(build: Path, ntriples: bytes) -> None:
    """Whatever is no file is never replaced by one: it may be a device."""
    os.mkfifo("pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_bytes()), daemon=True)
    reader.start()
    done = run("ntriples", "-o", "pipe", build=build)
    reader.join(10)

    assert done.returncode == 0
    assert Path("pipe").is_fifo()
    assert read == [ntriples]


def test_packed_bytes_are_the_same_each_time(build: Path, ntriples: bytes) -> None:
    run("ntriples", "--gzip", "-o", "one.gz", build=build)
    piped = run("ntriples", "--gzip", build=build).stdout

    assert Path("one.gz").read_bytes() == piped
    assert gzip.decompress(piped) == ntriples


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["n-triples"], "did you mean ntriples?"),
        (["ntriples", "-o", "no/such/folder.nt"], "cannot write the export: no such file"),
        (["ntriples", "-o", "."], "is a directory"),
    ],
)
def test_what_cannot_be_written_is_one_message_and_status_2(
    build: Path, words: list[str], told: str
) -> None:
    done = run(*words, build=build)

    assert done.returncode == 2
    assert told in done.stderr.decode()
    assert list(Path().iterdir()) == []


def test_a_full_disk_is_told(build: Path) -> None:
    command = [sys.executable, "-m", "kg", "export", "ntriples", "--build", str(build)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)

    assert done.returncode == 2
    assert done.stderr == b"standard output: cannot write the export: no space left on device\n"


def test_where_nothing_is_built_it_is_told_how(tmp_path: Path) -> None:
    done = run("ntriples", build=tmp_path)

    assert done.returncode == 2
    assert "build it: kg build" in done.stderr.decode()


def test_whoever_reads_a_part_ends_it_quietly(build: Path) -> None:
    command = [sys.executable, "-m", "kg", "export", "nquads", "--build", str(build)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
