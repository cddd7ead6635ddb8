"""
Does the service predict the same as the pipeline?
==================================================

A pipeline is saved and served on a free port; the page of the service offers five stories to click
on. Eight clients send requests at the same time, and the responses are compared with
`predict_proba`.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import socket

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import load_train_test
from agnews_sk.persistence import save

rows = load_train_test()
pipeline = make_tfidf_pipeline().fit(rows.X_train[:1500], rows.y_train[:1500])
stories = rows.X_test[:200]

with socket() as free:
    free.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{free.getsockname()[1]}"


def request_json(path, body=None):
    """Return the JSON response of the service."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def wait_until_ready():
    """Wait until the service accepts requests."""
    for _ in range(600):
        try:
            return request_json("/ready")
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the service did not start")


with tempfile.TemporaryDirectory() as folder:
    model = save(pipeline, Path(folder) / "news")
    samples = Path(folder) / "samples.csv"
    stories[:5].to_csv(samples, index=False)
    command = [sys.executable, "-m", "agnews_sk", "serve", str(model), "--samples", str(samples)]
    command += ["--port", address.rsplit(":")[-1]]
    service = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until_ready()
        offered = request_json("/samples")["samples"]
        with ThreadPoolExecutor(8) as clients:
            # In JSON a missing cell is null; there is no NaN.
            cells = stories[["title", "description"]].astype(object)
            bodies = cells.where(cells.notna(), None).to_dict("records")
            responses = list(clients.map(lambda body: request_json("/predict", body), bodies))
    finally:
        service.terminate()
        service.wait(30)

predictions = [response["predictions"][0] for response in responses]
titles = [f"{body['title'] or '':.30}" for body in bodies[:5]]
first = pd.DataFrame([one["probabilities"] for one in predictions[:5]], index=titles)
print(first.round(2).to_string())

first[::-1].plot.barh(stacked=True, xlabel="probability")
plt.legend(loc="lower center", bbox_to_anchor=(0.3, 1), ncols=4)
plt.show()

# %%
# The other responses, compared with the pipeline in this process:

served = [[one["probabilities"][label] for label in pipeline.classes_] for one in predictions]
difference = np.abs(pipeline.predict_proba(stories) - served).max()
print(f"The page offers {len(offered)} samples.")
print(f"The probabilities differ by at most {difference:.1g} on {len(stories)} texts.")
