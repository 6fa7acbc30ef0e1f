"""k-means beside scikit-learn's and oneDAL's (daal4py), in one run: Lloyd's steps and seeds.

    python3 benches/compare/kmeans.py                      the whole grid
    python3 benches/compare/kmeans.py --points 8x16,32x16 --rows 0.1

As benches/compare/gaussian.py, whose rows, environment and turns these are: one thread each, malloc tuned in favour of the peers, the
least CPU time of several turns. All start from scikit-learn's own seeds. `steps`: so many of Lloyd's steps, after which inertias must agree
to 1e-9. `to the end`: until scikit-learn's default tolerance is reached. `seeds`: drawing K seeds by greedy k-means++. `all`: these two.
"""

import argparse
import os
import sys
import tempfile
import time
import warnings

import gaussian


class Sklearn:
    def __init__(self, x, centres):
        self.x, self.centres = x, centres

    def lloyd(self, **options):
        from sklearn.cluster import KMeans

        model = KMeans(len(self.centres), init=self.centres, n_init=1, algorithm="lloyd", **options)
        begin = time.process_time()
        model.fit(self.x)
        return time.process_time() - begin, model.n_iter_, model.inertia_

    def steps(self, count):
        return self.lloyd(max_iter=int(count), tol=0)

    def converge(self):
        return self.lloyd()

    def seed(self, seed):
        from sklearn.cluster import kmeans_plusplus

        begin = time.process_time()
        found = kmeans_plusplus(self.x, len(self.centres), random_state=int(seed))
        seconds = time.process_time() - begin
        from sklearn.metrics import pairwise_distances_argmin_min

        return seconds, 0, (pairwise_distances_argmin_min(self.x, found[0])[1] ** 2).sum()


class Daal:
    def __init__(self, x, centres):
        self.x, self.centres = x, centres

    def steps(self, count):
        import daal4py

        algorithm = daal4py.kmeans(nClusters=len(self.centres), maxIterations=int(count), accuracyThreshold=0.0, assignFlag=False)
        begin = time.process_time()
        result = algorithm.compute(self.x, self.centres)
        seconds = time.process_time() - begin
        from sklearn.metrics import pairwise_distances_argmin_min

        return seconds, int(count), (pairwise_distances_argmin_min(self.x, result.centroids)[1] ** 2).sum()

    def converge(self):
        return float("nan"), 0, float("nan")

    def seed(self, _):
        return float("nan"), 0, float("nan")


def serve(peer, arguments):
    import numpy as np
    import resource

    warnings.filterwarnings("ignore")
    rows, d, centres = arguments
    x, centres = np.fromfile(rows).reshape(-1, int(d)), np.fromfile(centres).reshape(-1, int(d))
    make = {"sklearn": Sklearn, "daal": Daal}[peer]
    small = make(x[: 20 * len(centres)], centres)
    # What importing takes is not counted.
    small.steps(1), small.seed(0)
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    worker, loaded = make(x, centres), peak()
    print("ready", flush=True)
    for line in sys.stdin:
        command, *rest = line.split()
        print(*([peak() - loaded] if command == "memory" else map(repr, map(float, getattr(worker, command)(*rest)))), flush=True)


def compare(point, n, arguments, folder, binary):
    import numpy as np

    d, k = map(int, point.split("x"))
    rows, start = os.path.join(folder, "rows"), os.path.join(folder, "centres")
    gaussian.problem(n, d, k, arguments.separation, folder)
    from sklearn.cluster import kmeans_plusplus

    kmeans_plusplus(np.fromfile(rows).reshape(-1, d), k, random_state=0)[0].tofile(start)
    commands = {name: [sys.executable, os.path.abspath(__file__), "--serve", name, rows, str(d), start] for name in arguments.peers}
    workers = {name: gaussian.Worker(command) for name, command in {"ours": [binary, rows, str(d), str(k), start], **commands}.items()}
    asked = lambda name, *words: list(map(float, workers[name].ask(*words).split()))
    seconds = {(name, what): [] for name in workers for what in ("steps", "converge", "seed")}
    last = {}
    for turn in range(arguments.repetitions):
        for name in workers:
            for what, *words in ("steps", arguments.steps), ("converge",), ("seed", turn):
                last[name, what] = asked(name, what, *words)
                seconds[name, what].append(last[name, what][0])
    for name in workers:
        ours, theirs = last["ours", "steps"], last[name, "steps"]
        if not abs(theirs[2] - ours[2]) <= 1e-9 * ours[2]:
            raise SystemExit(f"{name} reaches an inertia of {theirs[2]!r}, ours {ours[2]!r}")
    memory = {name: asked(name, "memory")[0] / 1024 for name in workers}
    row = [f"{n}, {d}, {k}"]
    for what in ("steps", "converge", "seed"):
        # Each turn has seeds of its own: their sum.
        least = {name: (sum if what == "seed" else min)(seconds[name, what]) for name in workers}
        share = arguments.repetitions if what == "seed" else 1
        row.append(f"{1e3 * least['ours'] / share:.1f}")
        row += [f"{1e3 * least[name] / share:.0f} ({least[name] / least['ours']:.1f})" for name in arguments.peers if least[name] == least[name]]
        if what == "converge":
            row.append(" / ".join(f"{last[name, what][1]:.0f}" for name in ("ours", "sklearn") if name in workers))
    whole = {name: min(seconds[name, "converge"]) + np.mean(seconds[name, "seed"]) for name in workers}
    row += [f"{whole['sklearn'] / whole['ours']:.1f}"] if "sklearn" in workers else []
    row.append(" / ".join(f"{memory[name]:.0f}" for name in workers))
    print("| " + " | ".join(row) + " |", flush=True)
    for worker in workers.values():
        worker.__exit__()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", default=",".join(gaussian.GRID), help="DxK, separated by commas; those of the grid by default")
    parser.add_argument("--peers", default="sklearn,daal", type=lambda text: [name for name in text.split(",") if name])
    parser.add_argument("--rows", default=1.0, type=float, help="the share of the grid's rows")
    parser.add_argument("--repetitions", default=7, type=int)
    parser.add_argument("--steps", default=20, type=int, help="of Lloyd's")
    parser.add_argument("--separation", default=3.0, type=float, help="of the means, in deviations; negative: per coordinate")
    parser.add_argument("--binary", help="a program built before from benches/src/bin/kmeans.rs; built by cargo otherwise")
    arguments = parser.parse_args()
    binary = arguments.binary or gaussian.built("kmeans")
    head = ["N, D, K", f"{arguments.steps} steps: ours, ms", *(f"{name}, ms (ratio)" for name in arguments.peers)]
    alone = ["sklearn, ms (ratio)"] if "sklearn" in arguments.peers else []
    head += ["to the end: ours, ms", *alone, "steps", "seeds: ours, ms", *alone, *(["all: ratio"] if alone else [])]
    head += ["memory above the rows, MB: ours" + "".join(f" / {name}" for name in arguments.peers)]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for point in arguments.points.split(","):
        n = int(gaussian.GRID.get(point, 100_000) * arguments.rows)
        with tempfile.TemporaryDirectory() as folder:
            compare(point, n, arguments, folder, binary)


if __name__ == "__main__":
    gaussian.start(main, serve)
