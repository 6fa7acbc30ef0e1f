"""One EM iteration of this library beside hand-written numpy, in one run.

    python3 benches/compare/families.py          (needs numpy and scipy)

Both use one thread. The runs alternate, and the least time of each is kept. numpy's versions are written as a careful user
would: logarithms of the data and ln x! taken once, all components at once, the latent classes by two matrix products.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import subprocess
import time

import numpy as np
from scipy.special import digamma, gammaln

RNG = np.random.default_rng(0)
ROWS = 1_000_000


def responsibilities(joint):
    largest = joint.max(axis=1, keepdims=True)
    np.subtract(joint, largest, out=joint)
    np.exp(joint, out=joint)
    total = joint.sum(axis=1, keepdims=True)
    joint /= total
    return joint, (np.log(total) + largest).sum()


def poissons():
    rates = np.array([1.0, 5.0, 12.0])
    x = np.concatenate([RNG.poisson(rate, ROWS // 3) for rate in rates]).astype(float)
    log_factorial = gammaln(x + 1)

    def iteration():
        joint = np.multiply.outer(x, np.log(rates)) - (rates - np.log(1 / 3))
        joint -= log_factorial[:, None]
        r, _ = responsibilities(joint)
        return x @ r / r.sum(axis=0)

    return iteration


def exponentials():
    rates = np.array([0.2, 1.0, 5.0])
    x = np.concatenate([RNG.exponential(1 / rate, ROWS // 3) for rate in rates])

    def iteration():
        r, _ = responsibilities(np.log(rates / 3) - np.multiply.outer(x, rates))
        return r.sum(axis=0) / (x @ r)

    return iteration


def gammas():
    shape, rate = np.array([2.0, 5.0, 20.0]), np.array([2.0, 2.0, 3.0])
    x = np.concatenate([RNG.gamma(a, 1 / b, ROWS // 3) for a, b in zip(shape, rate)])
    log_x = np.log(x)

    def iteration():
        joint = np.multiply.outer(log_x, shape - 1) - np.multiply.outer(x, rate)
        joint += shape * np.log(rate) - gammaln(shape) + np.log(1 / 3)
        r, _ = responsibilities(joint)
        count = r.sum(axis=0)
        mean = x @ r / count
        gap = np.log(mean) - log_x @ r / count
        estimate = 0.5 / gap
        for _ in range(5):
            estimate = estimate * (np.log(estimate) - digamma(estimate)) / gap
        return estimate

    return iteration


def latent_classes():
    rows, columns, classes = 100_000, 64, 10
    p = RNG.uniform(0.05, 0.95, (classes, columns))
    x = (RNG.random((rows, columns)) < p[RNG.integers(0, classes, rows)]).astype(float)

    def iteration():
        joint = x @ np.log(p / (1 - p)).T
        joint += np.log1p(-p).sum(axis=1) - np.log(classes)
        r, _ = responsibilities(joint)
        return r.T @ x / r.sum(axis=0)[:, None]

    return iteration


def least(run, repetitions=3):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    build = ["cargo", "build", "--release", "--quiet", "-p", "mixture-benches", "--bin", "iterations"]
    subprocess.run(build, check=True)
    binary = os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "release", "iterations")
    peers = {
        "3 Poissons": poissons(),
        "3 exponentials": exponentials(),
        "3 gammas": gammas(),
        "10 latent classes, 1e5 x 64": latent_classes(),
    }
    ours, theirs = {}, {}
    for _ in range(7):
        for line in subprocess.run([binary], check=True, capture_output=True, text=True).stdout.split("\n"):
            if line:
                name, seconds = line.rsplit(",", 1)
                ours[name] = min(float(seconds), ours.get(name, np.inf))
        for name, iteration in peers.items():
            theirs[name] = min(least(iteration), theirs.get(name, np.inf))
    print(f"{'model':30} {'ours, ms':>10} {'ns per value':>13} {'numpy, ms':>10} {'ratio':>7}")
    for name, seconds in ours.items():
        values = 64e6 if "latent" in name else 3e6
        peer = theirs.get(name.split(",")[0] if "tabled" in name else name)
        tail = f"{peer * 1e3:10.1f} {peer / seconds:7.1f}" if peer else ""
        print(f"{name:30} {seconds * 1e3:10.2f} {seconds / values * 1e9:13.2f} {tail}")


if __name__ == "__main__":
    main()
