"""k-means beside scikit-learn's, one thread: the time of one start with the same number of Lloyd steps, and the inertia.

Usage: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python3 benches/compare/kmeans.py target/release/kmeans_time
The program is made by `cargo build --release -p mixture-benches --bin kmeans_time`: it reads the doubles that this
script writes, and prints seconds, Lloyd steps and inertia."""

import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
from sklearn.cluster import KMeans

warnings.filterwarnings("ignore")
print("rows columns clusters | ours: s, steps, inertia | scikit-learn: s, steps, inertia | s per step, ratio")
for rows, columns, clusters in [(200_000, 2, 8), (200_000, 8, 16), (100_000, 32, 32), (50_000, 64, 64)]:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(clusters, columns)) * 3
    data = centres[rng.integers(clusters, size=rows)] + rng.normal(size=(rows, columns))
    with tempfile.NamedTemporaryFile(suffix=".f64") as file:
        data.tofile(file.name)
        words = subprocess.run([sys.argv[1], file.name, str(columns), str(clusters)], check=True, capture_output=True, text=True)
    ours = [float(word) for word in words.stdout.split()]
    best = None
    for _ in range(3):
        begin = time.perf_counter()
        found = KMeans(clusters, n_init=1, random_state=0, algorithm="lloyd", max_iter=20, tol=0).fit(data)
        taken = time.perf_counter() - begin
        best = taken if best is None else min(best, taken)
    ratio = (best / found.n_iter_) / (ours[0] / ours[1])
    print(rows, columns, clusters, "|", *ours, "|", f"{best:.4f}", found.n_iter_, f"{found.inertia_:.1f}", "|", f"{ratio:.2f}")
