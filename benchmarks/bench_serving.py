"""Speed, latency, memory and batches of the HTTP service on this machine.

A pipeline is fitted on rows of `AGNEWS_SK_DATA`, saved, and served in separate processes; the
load comes over loopback, one text per request on persistent connections, from wrk if it is
installed and otherwise from a generator in this script. Server and generator share the cores.

    python benchmarks/bench_serving.py
    python benchmarks/bench_serving.py --family finetune --workers 1 --compare
    python benchmarks/bench_serving.py --memory 50000
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib import import_module
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from record import record

from agnews_sk import make_finetune_pipeline, make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.onnx import export_onnx, load_model
from agnews_sk.persistence import save

WRK_SCRIPT = """
local file = io.open("{bodies}", "r")
local bodies = {{}}
for line in file:lines() do bodies[#bodies + 1] = line end
local i = 0
request = function()
  i = i % #bodies + 1
  return wrk.format("POST", "/predict", {{["Content-Type"] = "application/json"}}, bodies[i])
end
done = function(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.read + summary.errors.timeout
  print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration, bad,
        latency:percentile(50), latency:percentile(99)))
end
"""


def make_model(family, rows, folder):
    """Return the path of a fitted model: TF-IDF, or MiniLM in 8 bits."""
    path = Path(folder) / family
    if family == "tfidf":
        return save(make_tfidf_pipeline().fit(rows.X_train, rows.y_train), path)
    pipeline = make_finetune_pipeline(classify__max_epochs=1, classify__random_state=0)
    pipeline.fit(rows.X_train[:512], rows.y_train[:512])
    export_onnx(
        pipeline,
        path,
        X=rows.X_test[:64],
        y=rows.y_test[:64],
        quantize="int8",
        max_accuracy_drop=1.0,
    )
    return path


class Service:
    """`agnews-sk serve` in separate processes."""

    def __init__(self, model, *options):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "agnews_sk", "serve", str(model)]
        command += ["--port", str(self.port), *map(str, options)]
        self._process = subprocess.Popen(command, stdout=sys.stderr)

    def __enter__(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=5).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the service does not start")

    def __exit__(self, *error):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def memory(self):
        """Return the resident bytes of all its processes."""
        root = psutil.Process(self._process.pid)
        return sum(one.memory_info().rss for one in [root, *root.children(recursive=True)])

    def cpu_seconds(self):
        """Return the processor time of all its processes."""
        root = psutil.Process(self._process.pid)
        times = [one.cpu_times() for one in [root, *root.children(recursive=True)]]
        return sum(one.user + one.system for one in times)

    def texts_per_batch(self):
        """Return how many texts were predicted together, on average."""
        url = f"http://127.0.0.1:{self.port}/metrics"
        metrics = urllib.request.urlopen(url).read().decode()
        total, count = (
            float(re.search(rf"^agnews_sk_batch_texts_{name} (\S+)$", metrics, re.M)[1])
            for name in ("sum", "count")
        )
        return total / count


def wrk(port, bodies, connections, seconds, folder):
    """Return requests/s, failures, and the 50th and 99th percentile in milliseconds."""
    lines, script = Path(folder) / "bodies.txt", Path(folder) / "load.lua"
    lines.write_text("\n".join(bodies))
    script.write_text(WRK_SCRIPT.format(bodies=lines))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    command += ["-s", str(script), f"http://127.0.0.1:{port}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    n, micros, bad, p50, p99 = map(int, re.search(r"RESULT (.*)", output)[1].split())
    return n / micros * 1e6, bad, p50 / 1000, p99 / 1000


class Client(asyncio.Protocol):
    """A persistent connection that sends its next request once it has the whole response.

    On the level of bytes, without streams or a library, so that the client takes little of the
    cores that it shares with the service.
    """

    def __init__(self, requests, end):
        self.times, self.n_failed = [], 0
        self.closed = asyncio.get_running_loop().create_future()
        self._requests, self._end, self._response = requests, end, b""

    def connection_made(self, transport):
        """Send the first request."""
        self._transport = transport
        self._send()

    def data_received(self, data):
        """Send the next request if the response is complete."""
        self._response += data
        head = self._response.find(b"\r\n\r\n")
        if head < 0:
            return
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", self._response)[1]
        if len(self._response) < head + 4 + int(length):
            return
        self.times.append(time.perf_counter() - self._start)
        self.n_failed += not self._response.startswith(b"HTTP/1.1 200")
        self._response = b""
        self._send()

    def connection_lost(self, exc):
        """Count a connection that the service closed as a failure."""
        self.n_failed += time.perf_counter() < self._end
        self.closed.set_result(None)

    def _send(self):
        self._start = time.perf_counter()
        if self._start >= self._end:
            self._transport.close()
            return
        self._transport.write(next(self._requests))


async def generate(port, bodies, connections, seconds):
    """Return what `wrk` returns, from connections of this process."""
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    encoded = [body.encode() for body in bodies]
    requests = cycle([head + b"Content-Length: %d\r\n\r\n%b" % (len(b), b) for b in encoded])
    start = time.perf_counter()
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Client(requests, start + seconds), "127.0.0.1", port)
        for _ in range(connections)
    ]
    clients = [client for _, client in opened]
    await asyncio.gather(*(client.closed for client in clients))
    times = [taken for client in clients for taken in client.times]
    p50, p99 = np.percentile(times, [50, 99]) * 1000
    n_failed = sum(client.n_failed for client in clients)
    return len(times) / (time.perf_counter() - start), n_failed, p50, p99


def load(port, bodies, connections, seconds):
    if shutil.which("wrk") is None:
        run = asyncio.run if find_spec("uvloop") is None else import_module("uvloop").run
        return run(generate(port, bodies, connections, seconds))
    with tempfile.TemporaryDirectory() as folder:
        return wrk(port, bodies, connections, seconds, folder)


def cpu_seconds():
    """Return the processor time of this process and of those it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure(model, bodies, args, *options, name):
    with Service(model, "--workers", args.workers, *options) as service:
        load(service.port, bodies, args.connections, 2)  # caches and connections warm up
        before = service.cpu_seconds(), cpu_seconds()
        speed, bad, p50, p99 = load(service.port, bodies, args.connections, args.seconds)
        after = service.cpu_seconds(), cpu_seconds()
        n_requests = speed * args.seconds
        micros = [(b - a) / n_requests * 1e6 for a, b in zip(before, after)]
        print(
            f"{name}: {speed:,.0f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
            f"{bad} failed, {service.texts_per_batch():.1f} texts per batch; CPU time per "
            f"request: {micros[0]:.0f} µs of the service, {micros[1]:.0f} µs of the client",
            flush=True,
        )
    return speed, p99


def compare(model, bodies, args):
    """Measure alternately, with micro-batches and, if requested, without."""
    sides = {"micro-batches": ("--max-wait-ms", args.max_wait_ms)}
    if args.compare:
        sides["single requests"] = ("--max-batch", 1)
    found = {name: [] for name in sides}
    for _ in range(args.repeats):
        for name, options in sides.items():
            found[name].append(measure(model, bodies, args, *options, name=name))
    small = args.family == "tfidf"
    for name, runs in found.items():
        claim = f"{args.family}, {args.connections} clients, {name}"
        speeds, p99s = zip(*runs, strict=True)
        print(f"median, {name}: {median(speeds):,.0f} requests/s, p99 {median(p99s):.1f} ms")
        record(f"{claim}, requests/s", speeds, bar=">= 4,000" if small else "")
        record(f"{claim}, p99 in ms", p99s, bar="<= 15" if small else "")
    if args.compare:
        joined, alone = found.values()
        ratios = [a / b for (a, _), (b, _) in zip(joined, alone, strict=True)]
        print(f"median, micro-batches: {median(ratios):.2f} times the single requests")
        record(f"{args.family}, micro-batches, speedup over single requests", ratios, bar=">= 3")


def show_model_alone(path, stories, size, n_stories=512):
    """Show the speedup of batches for the model alone, without the service."""
    model = load_model(path)
    stories = stories[:n_stories]
    seconds = {1: [], size: []}
    for _ in range(3):
        for rows, times in seconds.items():
            start = time.perf_counter()
            for i in range(0, n_stories, rows):
                model.predict_proba(stories[i : i + rows])
            times.append(time.perf_counter() - start)
    alone, joined = (n_stories / median(times) for times in seconds.values())
    print(
        f"the model without a service: {alone:,.0f} texts/s one at a time, {joined:,.0f} in "
        f"batches of {size}, {joined / alone:.2f} times as many"
    )


def measure_memory(model, bodies, args):
    with Service(model, "--workers", args.workers) as service:
        done, first = 0.0, 0
        while done < args.memory:
            speed, bad, *_ = load(service.port, bodies, args.connections, 5)
            done += speed * 5
            memory = service.memory()
            first = first or memory
            print(
                f"  {done:9,.0f} requests, {bad} failed, {memory / 2**20:.1f} MiB resident "
                f"({memory / first - 1:+.2%} since the first {5} s)",
                flush=True,
            )
        record(
            f"resident memory after {args.memory:,} requests, relative growth",
            memory / first - 1,
            bar="<= 0.03",
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", choices=["tfidf", "finetune"], default="tfidf")
    parser.add_argument("--model", help="a saved model, instead of fitting one")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--max-wait-ms", type=float, default=1.0)
    parser.add_argument("--compare", action="store_true", help="also without micro-batches")
    parser.add_argument("--memory", type=int, help="requests over which memory is watched")
    args = parser.parse_args()
    rows = load_train_test()
    print(rows.source, rows.notice or "")
    stories = rows.X_test.fillna("").to_dict("records")
    bodies = [json.dumps(story) for story in stories]
    with tempfile.TemporaryDirectory() as folder:
        model = args.model or make_model(args.family, rows, folder)
        if args.memory:
            measure_memory(model, bodies, args)
            return
        compare(model, bodies, args)
        if args.compare:
            show_model_alone(model, rows.X_test, args.connections)


if __name__ == "__main__":
    main()
