"""A stand-in for Kaggle on this machine, which Kaggle's own client, unchanged, takes for the real one.

`FakeKaggle` keeps datasets, demands the key, records every request, and fails on demand. Nothing leaves the machine."""
import base64
import hashlib
import io
import json
import os
import re
import tempfile
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zipfile import ZipFile

KEY = "5ecre7-0f-anna"
LOGINS = f"Basic {base64.b64encode(f'anna:{KEY}'.encode()).decode()}", f"Bearer {KEY}"
UNWANTED = "http_proxy", "no_proxy", "xdg_config_home"  # variables that would lead the client elsewhere


class Requests(BaseHTTPRequestHandler):
    "One connection. `server.trouble` says how the next requests go wrong: a status, or what happens halfway."
    protocol_version = "HTTP/1.1"

    def log_message(self, *args) -> None: pass

    def send(self, code: int, size: int, headers: dict) -> None:
        "The head of an answer whose body has `size` bytes."
        self.send_response(code)
        for name, value in ({"Content-Type": "application/json", "Content-Length": size} | headers).items():
            self.send_header(name, str(value))
        self.end_headers()

    def reply(self, code: int, answer: bytes | dict, **headers) -> None:
        "A whole answer; header names are written with underscores."
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        with suppress(ConnectionError):  # the client may have gone
            self.send(code, len(body), {name.replace("_", "-"): value for name, value in headers.items()})
            self.wfile.write(body)

    def refuse(self, code: int, message: str) -> None:
        self.reply(code, dict(code=code, message=message), Retry_After=0)

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(2)

    def goes_wrong(self, what: str):
        "The next trouble for requests of this kind, used up."
        waiting = self.server.trouble.get(what)
        return waiting.pop(0) if waiting else None

    def do_PUT(self) -> None:
        "A file comes in, whole or from where it broke off."
        blob, part = self.server.blobs[int(self.path.split("/")[-1])], self.headers["Content-Range"]
        size, have = int(self.headers["Content-Length"]), blob["data"]
        self.server.asked.append(("PUT", part))
        wrong = self.goes_wrong("PUT")
        start = 0 if not part else len(have) if "*" in part else int(re.search(r"\d+", part)[0])
        blob["data"] = have[:start] + self.rfile.read(size // 2 if wrong == "hang up" else size)
        if wrong == "hang up": return self.hang_up()
        if wrong == 503: blob["data"] = blob["data"][:size // 2]
        if wrong: self.reply(wrong, b"")
        elif len(blob["data"]) == blob["contentLength"]: self.reply(200, {})
        else: self.reply(308, b"", Range=f"bytes=0-{len(blob['data']) - 1}")

    def do_GET(self) -> None:
        "An archive goes out, whole or from a byte on."
        data, part = self.server.archives[self.path.split("/download/")[1]], self.headers["Range"]
        start = int(part[6:-1]) if part else 0
        self.server.asked.append(("GET", start))
        wrong = self.goes_wrong("GET")
        if wrong == "bad zip": data = data[:-50] + bytes(50)
        code, rest = 206 if part else 200, data[start:]
        headers = dict(Content_Type="application/zip", Accept_Ranges="bytes", ETag=f'"{hashlib.md5(data).hexdigest()}"')
        if wrong not in ("hang up", "wait"): return self.reply(code, rest, **headers)
        self.send(code, len(rest), {name.replace("_", "-"): value for name, value in headers.items()})
        self.wfile.write(rest[:len(rest) // 2])
        if wrong == "wait":
            self.server.halfway.set()
            self.server.go_on.wait(60)
        self.hang_up()

    def do_POST(self) -> None:
        "A call of Kaggle's API, which the method of its name answers."
        what, body = self.path.split("/")[-1], json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((what, body))
        login, wrong = self.headers["Authorization"], self.goes_wrong(what)
        if wrong: self.refuse(wrong, f"trouble, {login}")  # a careless server might send the key back
        elif what == "IntrospectToken" or login in LOGINS or "public" in str(body): getattr(self, what)(body)
        else: self.refuse(401, "Unauthenticated")

    def IntrospectToken(self, body: dict) -> None:
        self.reply(200, dict(active=body["token"] == KEY, username="anna"))

    def GetDatasetStatus(self, body: dict) -> None:
        if f"{body['ownerSlug']}/{body['datasetSlug']}" in self.server.datasets: self.reply(200, dict(status="READY"))
        else: self.refuse(404, "Not found")

    def StartBlobUpload(self, body: dict) -> None:
        self.server.blobs.append(body | dict(data=b""))
        token = str(len(self.server.blobs) - 1)
        self.reply(200, dict(token=token, createUrl=f"http://localhost/upload/{token}"))

    def CreateDataset(self, body: dict) -> None:
        name = f"{body['ownerSlug']}/{body['slug']}"
        if name in self.server.datasets:
            error = f"The requested title \"{body['title']}\" is already in use by a dataset."
            return self.reply(200, dict(status="error", error=error))
        self.server.datasets[name] = body
        self.keep(name, body["files"])

    def CreateDatasetVersion(self, body: dict) -> None:
        self.keep(f"{body['ownerSlug']}/{body['datasetSlug']}", body["body"]["files"])

    def keep(self, name: str, files: list[dict]) -> None:
        "Pack the uploaded files for download. As Kaggle does, unpack each archive into a folder of its name."
        packed = io.BytesIO()
        with ZipFile(packed, "w") as out:
            for blob in (self.server.blobs[int(file["token"])] for file in files):
                assert len(blob["data"]) == blob["contentLength"], blob["name"]
                if not blob["name"].endswith(".zip"): out.writestr(blob["name"], blob["data"]); continue
                with ZipFile(io.BytesIO(blob["data"])) as part:
                    for member in part.namelist(): out.writestr(f"{blob['name'][:-4]}/{member}", part.read(member))
        self.server.archives[name] = packed.getvalue()
        self.reply(200, dict(status="ok", url=f"https://www.kaggle.com/datasets/{name}"))

    def GetDatasetMetadata(self, body: dict) -> None:
        page = self.server.datasets.get(f"{body['ownerSlug']}/{body['datasetSlug']}")
        if page: self.reply(200, dict(info=dict(title=page["title"], licenses=[dict(name=page["licenseName"])])))
        else: self.refuse(404, "Not found")

    def DownloadDataset(self, body: dict) -> None:
        self.reply(302, b"", Location=f"http://localhost/download/{body['ownerSlug']}/{body['datasetSlug']}")

    def SaveKernel(self, body: dict) -> None:
        answer = dict(url=f"https://www.kaggle.com/code/{body['slug']}", versionNumber=1)
        self.reply(200, answer | self.server.trouble.pop("answer", {}))


class FakeKaggle(ThreadingHTTPServer):
    """A running server. Until `close`, Kaggle's client talks to it, and the folder `home` is where this process works.

    `home` is then the home folder, the working folder and the one for temporary files: no real credentials are used."""
    def __init__(self, home: Path):
        super().__init__(("127.0.0.1", 0), Requests)
        self.home, self.address = home, f"http://127.0.0.1:{self.server_port}"
        self.datasets = {}  # owner/slug: the request that made it
        self.archives = {}  # owner/slug: the zip file that a download gets
        self.blobs = []     # uploaded files
        self.asked = []     # requests: name and body
        self.trouble = {}   # name of a request: what goes wrong the next times
        self.halfway, self.go_on = threading.Event(), threading.Event()  # of a download that waits
        self._before = dict(os.environ), tempfile.tempdir, Path.cwd()
        for name in list(os.environ):
            if name.startswith("KAGGLE_") or name.lower() in UNWANTED: del os.environ[name]
        os.environ |= dict(KAGGLE_API_ENVIRONMENT="LOCALHOST", http_proxy=self.address)
        os.environ |= dict(HOME=str(home), TMPDIR=str(home))
        tempfile.tempdir = None  # ask again: the client keeps notes there
        os.chdir(home)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def sign_in(self) -> None:
        "Put Anna's credentials where the client looks for them."
        (self.home/".kaggle").mkdir(exist_ok=True)
        (self.home/".kaggle/kaggle.json").write_text(json.dumps(dict(username="anna", key=KEY)))

    def contents(self, name: str) -> dict[str, bytes]:
        "The files of a dataset as a download gets them."
        with ZipFile(io.BytesIO(self.archives[name])) as file:
            return {member: file.read(member) for member in file.namelist()}

    def close(self) -> None:
        "Stop, and put the environment back."
        self.shutdown()
        self.server_close()
        environment, tempfile.tempdir, folder = self._before
        os.environ.clear()
        os.environ |= environment
        os.chdir(folder)
