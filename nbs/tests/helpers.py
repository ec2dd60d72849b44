"""What the test notebooks share: papermill, commands, limits and hashes."""
import hashlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

NBS = Path(__file__).resolve().parents[1]
REPO = NBS.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(REPO)}


def papermill(root: Path, notebook: str, out: str = "out.ipynb", **parameters) -> subprocess.CompletedProcess:
    "Run a notebook of nbs/ in the folder `root`, as a user would from the shell."
    words = [word for name, value in parameters.items() for word in ("-p", name, str(value))]
    command = [sys.executable, "-m", "papermill", str(NBS/f"{notebook}.ipynb"), out, *words, "--no-progress-bar"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, env=ENVIRONMENT)


def executed(root: Path, notebook: str, out: str = "out.ipynb", **parameters) -> tuple[str, int]:
    "Run a notebook, which must succeed: the text it printed and the number of pictures in it."
    done = papermill(root, notebook, out, **parameters)
    assert done.returncode == 0, done.stderr[-3000:]
    outputs = [output for cell in nbformat.read(root/out, 4).cells for output in cell.get("outputs", [])]
    text = "".join(output.get("text", "") + str(output.get("data", {}).get("text/plain", "")) for output in outputs)
    pictures = sum(any(kind.startswith("image/") for kind in output.get("data", {})) for output in outputs)
    assert "Warning" not in text and "it/s" not in text, text  # no warnings, no progress bar left behind
    return text, pictures


def refused(root: Path, notebook: str, said: str, **parameters) -> None:
    "Run a notebook with a mistake: it must fail, and say this in its last lines."
    done = papermill(root, notebook, "wrong.ipynb", **parameters)
    last = done.stderr.strip().splitlines()[-2:]
    assert done.returncode != 0 and said in " ".join(last), done.stderr[-2000:]
    print(last[-1])


def python(code: str, *words: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    "Run Python code in a fresh process; `words` are its arguments."
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=ENVIRONMENT | environment)


def refusal(main: Callable, *words: object) -> str:
    "What a command says when it gives up."
    try: main([str(word) for word in words])
    except SystemExit as end: return str(end)
    raise AssertionError(f"{words} was accepted")


@contextmanager
def full_disk(left: int) -> Iterator[None]:
    "No file may grow beyond `left` bytes, as if the disk were full."
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, before[1]))
    try: yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def hashes(folder: Path) -> dict[str, str]:
    "The SHA-256 of every file below a folder."
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}
