"""A model goes to a hub and comes back; the hub is a small server on this machine."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import numpy as np
import pytest

from agnews_sk.persistence import ArtifactError, from_hub, push_to_hub

REPO = "someone/news"
COMMIT = "0" * 40


class Hub(BaseHTTPRequestHandler):
    """The part of the hub's interface that uploads and downloads a folder."""

    files: dict[str, bytes] = {}

    def log_message(self, *args):
        pass

    def respond(self, content=b"{}", status=200, **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/repos/create"):
            self.respond({"url": f"http://{self.headers['Host']}/{REPO}"})
        elif "/preupload/" in self.path:
            wanted = json.loads(body)["files"]
            regular = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
            self.respond({"files": [{"path": f["path"], **regular} for f in wanted]})
        elif "/commit/" in self.path:
            for line in body.splitlines():
                self.apply(json.loads(line))
            url = f"http://{self.headers['Host']}/{REPO}/commit/{COMMIT}"
            self.respond({"commitUrl": url, "commitOid": COMMIT, "success": True, "hookOutput": ""})
        else:
            self.respond({})

    def apply(self, line):
        value = line["value"]
        if line["key"] == "file":
            self.files[value["path"]] = base64.b64decode(value["content"])
        elif line["key"] == "deletedFile":
            self.files.pop(value["path"])

    def do_GET(self):
        path = unquote(self.path.split("?")[0])
        if "/resolve/" in path:
            content = self.files[path.split(f"/resolve/{COMMIT}/")[1]]
            etag = f'"{hashlib.sha1(content).hexdigest()}"'
            self.respond(content, ETag=etag, X_Repo_Commit=COMMIT)
        elif "/tree/" in path:
            entries = [
                {"type": "file", "path": name, "size": len(content), "oid": "1"}
                for name, content in self.files.items()
            ]
            self.respond(entries)
        else:
            siblings = [{"rfilename": name} for name in self.files]
            self.respond(
                {"id": REPO, "modelId": REPO, "sha": COMMIT, "siblings": siblings, "tags": []}
            )

    do_HEAD = do_GET


@pytest.fixture
def hub(monkeypatch):
    """The address of an empty hub."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    Hub.files = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_model_from_the_hub_equals_the_one_that_was_pushed(fitted, headlines, hub):
    url = push_to_hub(fitted["scratch"], REPO, token="hf_x", endpoint=hub)
    assert COMMIT in url
    assert {"manifest.json", "README.md", "classify/model.safetensors"} <= Hub.files.keys()
    loaded = from_hub(REPO, token="hf_x", endpoint=hub)
    np.testing.assert_array_equal(
        loaded.predict_proba(headlines[0]), fitted["scratch"].predict_proba(headlines[0])
    )


def test_files_of_an_earlier_model_are_removed(fitted, hub):
    push_to_hub(fitted["scratch"], REPO, token="hf_x", endpoint=hub)
    push_to_hub(fitted["tfidf"], REPO, token="hf_x", endpoint=hub)
    assert set(Hub.files) == {"manifest.json", "README.md", "pipeline.skops"}
    from_hub(REPO, token="hf_x", endpoint=hub)


def test_a_model_that_was_changed_on_the_hub_is_rejected(fitted, hub):
    push_to_hub(fitted["tfidf"], REPO, token="hf_x", endpoint=hub)
    Hub.files["pipeline.skops"] = Hub.files["pipeline.skops"][:-1] + b"x"
    with pytest.raises(ArtifactError, match=r"pipeline\.skops has the SHA-256"):
        from_hub(REPO, token="hf_x", endpoint=hub)
