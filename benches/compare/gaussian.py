"""One EM iteration of Gaussian mixtures beside scikit-learn and oneDAL (daal4py), in one run.

    python3 benches/compare/gaussian.py                      the whole grid, full and diagonal
    python3 benches/compare/gaussian.py --points 8x16,32x16 --structures full --rows 0.1
    python3 benches/compare/gaussian.py --fits --seeds 3     whole fits too, from scikit-learn's own k-means labels
    python3 benches/compare/gaussian.py --defaults --seeds 10 --rows 0.1     and from each program's own defaults

The peers are installed by pip into an environment of their own under the temporary directory, `ours` is built by cargo. Every
program gets one thread, the same rows and the same start, and glibc's malloc tuned so that big temporaries cost no page faults,
which favours the peers, and takes big pages, as numpy does by itself. The programs take turns, and of each the least CPU time counts. Log-likelihoods after three iterations must
agree to 1e-9.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

GRID = {"2x5": 1_000_000, "8x16": 1_000_000, "32x16": 200_000, "64x32": 100_000, "128x16": 50_000}
ENVIRONMENT = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "RAYON", "TBB")},
    "MALLOC_MMAP_THRESHOLD_": str(2**32),
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
    "MALLOC_TOP_PAD_": str(2**28),
    # Rows in big pages, which numpy asks for by itself.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
# The most turns of a whole fit, and how long scikit-learn's take before there are no more.
FIT_TURNS = 5
FIT_SECONDS = 20
PACKAGES = ["numpy", "scipy", "scikit-learn", "scikit-learn-intelex"]


# What a peer does, in a process of its own.


def read(arguments):
    import numpy as np

    rows, d, k, structure, start = arguments
    d, k = int(d), int(k)
    start = np.fromfile(start)
    weights, means, covariances = np.split(start, [k, k + k * d])
    start = weights, means.reshape(k, d), covariances.reshape(k, d, d)
    return np.fromfile(rows).reshape(-1, d), k, structure, start


def sklearn_model(structure, weights, means, covariances):
    """A scikit-learn mixture at these parameters."""
    import numpy as np
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(len(weights), covariance_type=structure, reg_covar=0.0)
    model.weights_, model.means_ = weights.copy(), means.copy()
    if structure == "diag":
        covariances = np.array([np.diag(c) if c.ndim == 2 else c for c in covariances])
        model.precisions_cholesky_ = 1 / np.sqrt(covariances)
    else:
        model.precisions_cholesky_ = np.array([np.linalg.inv(np.linalg.cholesky(c)).T for c in covariances])
    model.covariances_ = covariances
    return model


class Sklearn:
    def __init__(self, x, k, structure, start):
        self.x, self.k, self.structure, self.start = x, k, structure, start

    def iterate(self, count):
        model = sklearn_model(self.structure, *self.start)
        begin = time.process_time()
        for _ in range(count):
            _, log_resp = model._e_step(self.x)
            model._m_step(self.x, log_resp)
            del log_resp
        return time.process_time() - begin, model

    def score(self, count):
        return self.iterate(count)[1].score(self.x) * len(self.x)

    def fit(self, seed, labels_file):
        """Its default fit from its own k-means labels: seconds without k-means, log-likelihood, iterations."""
        import numpy as np
        from sklearn.cluster import KMeans
        from sklearn.mixture import GaussianMixture

        labels = KMeans(self.k, n_init=1, random_state=seed).fit(self.x).labels_
        labels.astype(np.uint32).tofile(labels_file)
        shares = np.zeros((len(self.x), self.k))
        shares[np.arange(len(self.x)), labels] = 1
        model = GaussianMixture(self.k, covariance_type=self.structure)
        model._initialize_parameters = lambda x, *rest, **more: model._initialize(x, shares)
        begin = time.process_time()
        model.fit(self.x)
        return time.process_time() - begin, model.score(self.x) * len(self.x), model.n_iter_

    def default(self, seed):
        """A fit with nothing set but what is to be fitted: seconds, log-likelihood, iterations."""
        from sklearn.mixture import GaussianMixture

        model = GaussianMixture(self.k, covariance_type=self.structure, random_state=seed)
        begin = time.process_time()
        model.fit(self.x)
        return time.process_time() - begin, model.score(self.x) * len(self.x), model.n_iter_


class Daal:
    def __init__(self, x, k, structure, start):
        import numpy as np

        self.x, self.k, self.structure = x, k, structure
        weights, means, covariances = start
        if structure == "diag":
            covariances = [np.diag(c).reshape(1, -1).copy() for c in covariances]
        self.start = weights.reshape(1, -1), means, list(covariances)

    def iterate(self, count):
        import daal4py

        algorithm = daal4py.em_gmm(
            nComponents=self.k, maxIterations=count, accuracyThreshold=0.0, regularizationFactor=0.0, covarianceStorage={"diag": "diagonal"}.get(self.structure, self.structure)
        )
        begin = time.process_time()
        result = algorithm.compute(self.x, *self.start)
        return time.process_time() - begin, result

    def score(self, count):
        import numpy as np

        result = self.iterate(count)[1]
        covariances = [np.squeeze(c) if self.structure == "diag" else c for c in result.covariances]
        model = sklearn_model(self.structure, result.weights.ravel(), result.means, np.array(covariances))
        return model.score(self.x) * len(self.x)


def serve(peer, arguments):
    import resource

    x, k, structure, start = read(arguments)
    d = x.shape[1]
    worker = {"sklearn": Sklearn, "daal": Daal}[peer](x, k, structure, start)
    # What importing takes is not counted.
    {"sklearn": Sklearn, "daal": Daal}[peer](x[: 4 * k * (d + 5)], k, structure, start).iterate(1)
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loaded = peak()
    print("ready", flush=True)
    for line in sys.stdin:
        command, *rest = line.split()
        if command == "iterate":
            answer = worker.iterate(int(rest[0]))[0] / int(rest[0])
        elif command == "score":
            answer = repr(float(worker.score(int(rest[0]))))
        elif command == "memory":
            answer = peak() - loaded
        elif command == "fit":
            answer = " ".join(map(str, worker.fit(int(rest[0]), rest[1])))
        elif command == "default":
            answer = " ".join(map(str, worker.default(int(rest[0]))))
        print(answer, flush=True)


# What sets them side by side.


class Worker:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **ENVIRONMENT})
        self.process.stdout.readline()

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("a worker ended")
        return answer.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def environment():
    """The interpreter that has the peers."""
    place = os.path.join(tempfile.gettempdir(), "mixture-compare-gaussian")
    python = os.path.join(place, "bin", "python")
    if not os.path.exists(os.path.join(place, "done")):
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([python, "-m", "pip", "--quiet", "install", *PACKAGES], check=True)
        open(os.path.join(place, "done"), "w").close()
    return python


def problem(n, d, k, separation, folder):
    """Rows and a start, in files: seeded, overlapping at separation 3; per coordinate where it is negative."""
    import numpy as np

    random = np.random.default_rng(d * 1000 + k)
    scale = -separation if separation < 0 else separation / np.sqrt(2 * d)
    means = random.normal(size=(k, d)) * scale
    labels = random.integers(0, k, n)
    factors = np.eye(d) + np.tril(random.normal(size=(k, d, d)), -1) * (0.5 / np.sqrt(d))
    x = random.normal(size=(n, d))
    for component in range(k):
        own = labels == component
        x[own] = x[own] @ factors[component].T + means[component]
    pooled = np.cov(x[:20_000].T).reshape(d, d)
    within = pooled if separation > 0 else np.mean([f @ f.T for f in factors], axis=0)
    start = means + 0.2 * random.normal(size=(k, d))
    x.tofile(os.path.join(folder, "rows"))
    for structure, covariance in ("full", within), ("diag", np.diag(np.diag(within))):
        # No two covariances are the same: for components of one covariance there is less to do.
        scales = 1 + 0.1 * np.arange(k) / k
        parameters = [np.full(k, 1 / k), start.ravel(), np.outer(scales, covariance.ravel()).ravel()]
        np.concatenate(parameters).tofile(os.path.join(folder, f"start-{structure}"))


def compare(n, d, k, structure, arguments, folder, binary):
    files = os.path.join(folder, "rows"), os.path.join(folder, f"start-{structure}")
    peers = {name: [sys.executable, __file__, "--serve", name, files[0], str(d), str(k), structure, files[1]] for name in arguments.peers}
    commands = {"ours": [binary, files[0], "f64", str(d), str(k), structure, files[1]], **peers}
    workers = {name: Worker(command) for name, command in commands.items()}
    # Small iterations are repeated, so that the clock's grain does not matter.
    counts = {name: max(1, min(10, int(3e9 / (n * k * d * (d + 12))))) for name in workers}
    times = {name: [] for name in workers}
    peak = 0.0
    for _ in range(arguments.repetitions):
        peak = max(peak, float(workers["ours"].ask("peak")))
        for name, worker in workers.items():
            times[name].append(float(worker.ask("iterate", counts[name] * (3 if name == "ours" else 1))))
    memory = {name: int(worker.ask("memory")) / 1024 for name, worker in workers.items()}
    scores = {name: float(worker.ask("score", 3)) for name, worker in workers.items()}
    for name, score in scores.items():
        if not abs(score - scores["ours"]) <= 1e-9 * abs(scores["ours"]):
            raise SystemExit(f"{name} reaches {score!r}, ours {scores['ours']!r}")
    least = {name: min(values) for name, values in times.items()}
    flops = n * k * ((2 * d * (d + 1) if structure == "full" else 8 * d) + 6 * d)
    speed = 1e-9 * flops / least["ours"]
    row = [f"{n}, {d}, {k}", structure, f"{1e3 * least['ours']:.1f}"]
    row += [f"{1e3 * least[name]:.0f} ({least[name] / least['ours']:.1f})" for name in arguments.peers]
    row += [f"{speed:.1f} / {peak:.1f} ({100 * speed / peak:.0f} %)", " / ".join(f"{memory[name]:.0f}" for name in workers)]
    print("| " + " | ".join(row) + " |", flush=True)
    if arguments.fits:
        whole_fits(workers, arguments.seeds, os.path.join(folder, "labels"))
    if arguments.defaults:
        default_fits(workers, arguments.seeds, n)
    for worker in workers.values():
        worker.__exit__()


def whole_fits(workers, seeds, labels):
    """scikit-learn's default fit, and ours from its k-means labels until it is where scikit-learn stopped: the least of each of
    several turns where fits are short."""
    ratios = []
    for seed in range(seeds):
        turns = []
        while len(turns) < FIT_TURNS and sum(turn[0] for turn in turns) < FIT_SECONDS:
            seconds, score, iterations = workers["sklearn"].ask("fit", seed, labels).split()
            ours, passes = workers["ours"].ask("reach", labels, score).split()
            turns.append((float(seconds), float(ours)))
        seconds, ours = (min(turn[i] for turn in turns) for i in range(2))
        ratios.append(seconds / ours)
        print(f"    fit, seed {seed}: scikit-learn {seconds:.2f} s, {iterations} iterations; ours {ours:.3f} s, {passes} ({ratios[-1]:.1f})", flush=True)
    print(f"    median of {seeds}: {statistics.median(ratios):.1f}", flush=True)


def default_fits(workers, seeds, n):
    """Fits from each program's own defaults, and ours with scikit-learn's one start and tolerance: medians over the seeds."""
    medians = {}
    for what, (name, command) in {"ours": ("ours", "default"), "scikit-learn": ("sklearn", "default"), "ours, as long": ("ours", "alike")}.items():
        answers = [tuple(map(float, workers[name].ask(command, seed).split())) for seed in range(seeds)]
        found = [answer for answer in answers if answer[0] == answer[0]]
        if len(found) < seeds:
            print(f"    {what}: {seeds - len(found)} of {seeds} seeds end without a model", flush=True)
        if not found:
            continue
        medians[what] = [statistics.median(answer[i] for answer in found) for i in range(3)]
        seconds, score, passes = medians[what]
        memory = int(workers[name].ask("memory")) / 1024
        print(f"    defaults, medians of {seeds} seeds: {what} {seconds:.2f} s, log-likelihood {score:.3f}, {passes:.0f} passes; {memory:.0f} MB above the rows", flush=True)
    peer, peer_score, _ = medians.pop("scikit-learn")
    for what, (seconds, score, _) in medians.items():
        print(f"    {what}: {peer / seconds:.2f} times as fast, higher by {(score - peer_score) / n:.2e} a row", flush=True)


def built(name):
    """The program benches/src/bin/NAME.rs."""
    build = ["cargo", "build", "--release", "--quiet", "-p", "mixture-benches", "--bin", name]
    subprocess.run(build, check=True)
    return os.path.abspath(os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "release", name))


def start(main, serve):
    """Runs `main` where the peers are, or what a process for one of them does."""
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], sys.argv[3:])
    elif "MIXTURE_COMPARE" not in os.environ:
        python = environment()
        os.execve(python, [python, *sys.argv], {**os.environ, "MIXTURE_COMPARE": "1"})
    else:
        main()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", default=",".join(GRID), help="DxK, separated by commas; those of the grid by default")
    parser.add_argument("--structures", default="full,diag")
    parser.add_argument("--peers", default="sklearn,daal", type=lambda text: [name for name in text.split(",") if name])
    parser.add_argument("--rows", default=1.0, type=float, help="the share of the grid's rows")
    parser.add_argument("--repetitions", default=7, type=int)
    parser.add_argument("--separation", default=3.0, type=float, help="of the means, in deviations; negative: per coordinate")
    parser.add_argument("--fits", action="store_true", help="whole fits from scikit-learn's k-means labels")
    parser.add_argument("--defaults", action="store_true", help="whole fits from each program's own defaults")
    parser.add_argument("--seeds", default=1, type=int, help="of the whole fits")
    parser.add_argument("--binary", help="a program built before from benches/src/bin/gaussian.rs; built by cargo otherwise")
    arguments = parser.parse_args()
    binary = arguments.binary or built("gaussian")
    head = ["N, D, K", "structure", "ours, ms", *(f"{name}, ms (ratio)" for name in arguments.peers)]
    head += ["GFLOP/s of the peak", "memory above the rows, MB: ours" + "".join(f" / {name}" for name in arguments.peers)]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for point in arguments.points.split(","):
        d, k = map(int, point.split("x"))
        n = int(GRID.get(point, max(20_000, 16_000_000 // (d * k))) * arguments.rows)
        with tempfile.TemporaryDirectory() as folder:
            problem(n, d, k, arguments.separation, folder)
            for structure in arguments.structures.split(","):
                compare(n, d, k, structure, arguments, folder, binary)


if __name__ == "__main__":
    start(main, serve)
