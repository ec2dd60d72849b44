"""What the test notebooks share: papermill, commands, limits and hashes."""
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from fractions import Fraction
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import nbformat
import numpy as np
from PIL import Image
from warm import ADDRESS

NBS = Path(__file__).resolve().parents[1]
REPO = NBS.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(REPO)}

# In run.py, commands and notebooks are forked from a process that has done their imports; elsewhere they start afresh.
WARM = [sys.executable, str(NBS/"tests/warm.py")] if ADDRESS in os.environ else [sys.executable]
if ADDRESS in os.environ:
    spec = Path(tempfile.mkdtemp(), "kernels/python3/kernel.json")
    spec.parent.mkdir(parents=True)
    argv = [*WARM, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "python3", "language": "python"}))
    os.environ["JUPYTER_PATH"] = str(spec.parents[2])

def training(overrides: Sequence[str], processes: int = 1) -> subprocess.Popen:
    "Start a training with these settings in a fresh Python, as in a notebook."
    code = ("import sys; from u2net_nb.config import compose_config; from u2net_nb.training import launch; "
            "launch(compose_config(overrides=sys.argv[2:]), int(sys.argv[1]))")
    command = [sys.executable, "-c", code, str(processes), *overrides]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL)

def tiny_training(root: Path) -> list[str]:
    "The settings of a training that takes seconds, on twelve drawn portraits in a new folder below `root`."
    from u2net_nb.sample import write_sample
    folder = write_sample(root/"tiny", 12, (36, 45))
    return [f"data.dir={folder}", "data.size=[32,40]", "data.workers=0", "trainer.batch_size=4", "trainer.epochs=2"]

def quietly(cfg) -> Path:
    "Train without a word; returns the run folder."
    from u2net_nb.training import train
    with redirect_stdout(StringIO()): return train(cfg)

def unseen(cfg) -> Path:
    "The same without figures and TensorBoard, where only numbers are compared: drawing takes as long as training here."
    with (patch("u2net_nb.training._draw"), patch("u2net_nb.training.Logger"),
          patch("u2net_nb.training.History.end")): return quietly(cfg)

def same(a: Path, b: Path, file: str = "last.ckpt") -> bool:
    "Are all weights of two runs equal to the last bit? (Nearly, on a GPU, where some sums have no fixed order.)"
    import torch

    from u2net_nb.checkpoint import load_model
    one, other = (load_model(folder/file).state_dict() for folder in (a, b))
    tolerance = 1e-3 if torch.cuda.is_available() else 0
    return all(torch.allclose(one[key], other[key], rtol=0, atol=tolerance) for key in one)

def script(root: Path, name: str, /, *words: object) -> subprocess.CompletedProcess:
    "Run an installed command, such as `u2net_train`, in the folder `root`."
    command = [*WARM, Path(sys.executable).with_name(name), *words]
    return subprocess.run([*map(str, command)], cwd=root, capture_output=True, text=True, env=ENVIRONMENT | os.environ)

def papermill(root: Path, notebook: str, out: str = "out.ipynb", /, **parameters) -> subprocess.CompletedProcess:
    "Run a notebook of nbs/ in the folder `root`, as a user would from the shell. Lists and dicts go as YAML."
    words = []
    for name, value in parameters.items():
        words += ["-y", json.dumps({name: value})] if isinstance(value, list | dict) else ["-p", name, value]
    return script(root, "papermill", NBS/f"{notebook}.ipynb", out, *words, "--no-progress-bar")

def executed(root: Path, notebook: str, out: str = "out.ipynb", /, **parameters) -> tuple[str, int]:
    "Run a notebook, which must succeed: the text it printed and the number of pictures in it."
    done = papermill(root, notebook, out, **parameters)
    assert done.returncode == 0, done.stderr[-3000:]
    outputs = [output for cell in nbformat.read(root/out, 4).cells for output in cell.get("outputs", [])]
    text = "\n".join(output.get("text", "") + str(output.get("data", {}).get("text/plain", "")) for output in outputs)
    pictures = sum(any(kind.startswith("image/") for kind in output.get("data", {})) for output in outputs)
    assert "Warning" not in text and "it/s" not in text, text  # no warnings, no progress bar left behind
    return text, pictures

def refused(root: Path, notebook: str, said: str, /, **parameters) -> None:
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

def touch(root: Path | str, *names: str) -> Path:
    "Empty files below `root`, and the folders that they need. Returns `root`."
    for name in names:
        path = Path(root)/name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return Path(root)

def contents(folder: Path) -> dict[str, bytes]:
    "The bytes of every file below a folder, by its path."
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

def walking(
    steps: Sequence[int],               # where the person is in each frame, pixels to the right
    size: tuple[int, int] = (96, 128),  # width and height
    noise: float = 0.,                  # sigma of the camera's noise, of 255
) -> tuple[np.ndarray, np.ndarray]:
    "A drawn person who walks over a still background: frames, uint8 N×H×W×3, and true alphas, float N×H×W."
    from u2net_nb.portraits import draw_layers
    foreground, alpha, background = draw_layers(15, size)
    alphas = np.stack([np.roll(alpha, step, 1) for step in steps])
    people = np.stack([np.roll(foreground, step, 1) for step in steps])
    frames = people * alphas[..., None] + background * (1 - alphas[..., None])
    grain = np.random.default_rng(0).normal(0, noise, frames.shape)
    return (255 * frames + grain).clip(0, 255).round().astype(np.uint8), alphas

def save_gif(path: Path, frames: Iterable[np.ndarray], durations: int | list[int], **options) -> Path:
    "Write a GIF with Pillow; durations in milliseconds."
    first, *others = map(Image.fromarray, frames)
    first.save(path, append_images=others, save_all=True, duration=durations, **options)
    return path

def save_video(
    path: Path,
    frames: Sequence[np.ndarray],  # uint8 H×W×3
    times: Sequence[int],          # when each comes, in 1/30000 s
    sound: str | None = "aac",     # codec of a tone of 440 Hz
    seconds: float = .5,           # of sound
    **options: str,                # the container's
) -> Path:
    "Write a video with PyAV, H.264 or (`.webm`) VP9."
    import av
    tick = Fraction(1, 30000)
    with av.open(path, "w", options=options) as file:
        codec = "libvpx-vp9" if path.suffix == ".webm" else "libx264"
        pictures = file.add_stream(codec, 30, options=dict(crf="10", bf="0"))
        pictures.height, pictures.width = frames[0].shape[:2]
        pictures.pix_fmt = "yuv420p"
        pictures.codec_context.time_base = pictures.time_base = tick
        tones = file.add_stream(sound, 48000, layout="mono") if sound else None
        for frame, time in zip(frames, times):
            frame = av.VideoFrame.from_ndarray(frame)
            frame.pts, frame.time_base = time, tick
            file.mux(pictures.encode(frame))
        file.mux(pictures.encode(None))
        if sound:
            wave = .3 * np.sin(2 * np.pi * 440 * np.arange(int(48000 * seconds)) / 48000)
            frame = av.AudioFrame.from_ndarray(wave[None].astype(np.float32), "flt", "mono")
            frame.rate, frame.pts = 48000, 0
            file.mux(tones.encode(frame))
            file.mux(tones.encode(None))
    return path

def original_weights(arch: str, path: Path) -> Path:
    "A `.pth` as the original's are, with weights that follow from the names."
    import torch

    from u2net_nb.checkpoint import ARCHS
    state = {name: _by_rule(name, value.shape) for name, value in ARCHS[arch]().state_dict().items()}
    torch.save({name: torch.tensor(value) for name, value in state.items()}, path)
    return path

def _by_rule(name: str, shape: Sequence[int]) -> np.ndarray:
    "The values of one tensor, drawn from a generator that is seeded with the name's checksum."
    if "num_batches" in name: return np.array(0)
    z = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)
    if name.endswith("running_var"): return (1 + .1 * abs(z)).astype(np.float32)
    if len(shape) == 4: return (z * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)
    return (1 + .1 * z if name.endswith("bn_s1.weight") else .1 * z).astype(np.float32)

def original_alpha(path: Path, photo: Image.Image) -> np.ndarray:
    "The alpha that the original's code makes of a photo of the network's size: its fused map, float32 H×W."
    import torch

    from u2net_nb.model import U2NET, U2NETP
    state = torch.load(path, weights_only=True)
    net = (U2NETP if state["stage1.rebnconv1.conv_s1.weight"].shape[0] == 16 else U2NET)().eval()
    net.load_state_dict(state)
    light = np.asarray(photo) / np.max(photo)
    x = np.stack([(light[..., i] - mean) / deviation for i, (mean, deviation) in enumerate(
        [(.485, .229), (.456, .224), (.406, .225)])])
    with torch.no_grad(): return torch.sigmoid(net(torch.tensor(x[None], dtype=torch.float32))[0])[0, 0].numpy()
