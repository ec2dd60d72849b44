"""Test all notebooks, or those named: python nbs/tests/run.py [NAME ...]

This process imports once what nearly all notebooks need. Then it forks a fresh process for each notebook, as many at
a time as there are cores plus one, the longest first, by the times of the last run. On Linux only: forks."""
import ctypes
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from importlib import import_module
from multiprocessing.connection import wait
from pathlib import Path

import psutil
from warm import ADDRESS, forked, serve

REPO = Path(__file__).resolve().parents[2]
TIMES = REPO/"build/test-times.json"
MODULES = ["papermill.cli", "ipykernel.kernelapp", "nbdev.test", "matplotlib.pyplot", "pymatting", *(
    f"u2net_nb.{name}" for name in ("training", "evaluation", "convert", "export", "prepare", "hub", "demo"))]
os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "NUMBA")} | dict(
    OMP_WAIT_POLICY="passive", PYTHONPATH=str(REPO), MPLBACKEND="module://matplotlib_inline.backend_inline")

def test(path: Path, place: Path) -> None:
    "Test a notebook in this process, which then ends."
    with open(place/"said", "w") as said:
        for number in 1, 2: os.dup2(said.fileno(), number)
    passed, _ = sys.modules["nbdev.test"].test_nb(path, skip_flags=["notest"], basepath=REPO)
    (place/"own").write_text(str(sum(resource.getrusage(resource.RUSAGE_SELF)[:2])))
    sys.exit(not passed)

def supervise(path: Path, place: Path) -> None:
    "Give a notebook a process, a temporary folder and a warm server of its own, and say how it went."
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: what outlives the notebook becomes a child of this process
    os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(dir=place)
    os.environ[ADDRESS] = str(place/"warm")
    began, server, tester = time.time(), forked(serve, os.environ[ADDRESS]), forked(test, path, place)
    tester.join()
    seconds, code = time.time() - began, tester.exitcode
    server.kill()
    _, left = psutil.wait_procs(psutil.Process().children(recursive=True), timeout=3)
    trouble = [f"LEFT RUNNING: {' '.join(process.cmdline())[:100]}" for process in left]
    if code: trouble.append("FAILED" if code > 0 else f"KILLED by signal {-code}")
    for process in left: process.kill()
    psutil.wait_procs(left)
    own = float((place/"own").read_text()) if (place/"own").exists() else 0
    used = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    print(f"{path.relative_to(REPO/'nbs')!s:<27}{seconds:7.1f} s, processor {own:6.1f} s, children {used - own:6.1f} s",
          *trouble, sep="  ", flush=True)
    sys.exit(bool(trouble))

def main(names: list[str]) -> None:
    if sys.platform != "linux": sys.exit(os.system("nbdev_test"))
    for name in MODULES: import_module(name)
    times = json.loads(TIMES.read_text()) if TIMES.exists() else {}
    paths = [path for folder in ("nbs", "nbs/tests") for path in (REPO/folder).glob("*.ipynb")]
    waiting = sorted((path for path in paths if not names or path.stem in names), key=lambda p: times.get(str(p), 999))
    root, running, failed, count = Path(tempfile.mkdtemp()), {}, {}, len(waiting)
    while waiting or running:
        while waiting and len(running) <= os.cpu_count():
            path, place = waiting.pop(), Path(tempfile.mkdtemp(dir=root))
            supervisor = forked(supervise, path, place)
            running[supervisor.sentinel] = supervisor, path, place, time.time()
        for sentinel in wait(running):
            supervisor, path, place, began = running.pop(sentinel)
            supervisor.join()
            times[str(path)] = time.time() - began
            if supervisor.exitcode: failed[path] = (place/"said").read_text() if (place/"said").exists() else "killed"
    TIMES.parent.mkdir(exist_ok=True)
    TIMES.write_text(json.dumps(times))
    shutil.rmtree(root, ignore_errors=True)
    for path, said in failed.items(): print(f"\n{'=' * 40} {path.name}\n{said}")
    print(f"\n{count - len(failed)} passed, {len(failed)} failed")
    sys.exit(bool(failed) or not count)

if __name__ == "__main__": main(sys.argv[1:])
