"""Points around the centres of three classes, which overlap a little."""

import numpy as np
from sklearn.datasets import make_blobs

CENTRES = [(0, 0), (3, 0), (0, 3)]
NAMES = np.array(["north", "south", "west"])


def blobs(n=300, *, spread=1.0, seed=0):
    X, codes = make_blobs(n, centers=CENTRES, cluster_std=spread, random_state=seed)
    return X, NAMES[codes]
