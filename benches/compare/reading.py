"""How fast a CSV file is read, and how much memory that takes.

    python3 benches/compare/reading.py [MEGABYTES]      (300 by default; needs nothing but python)

Writes files of numbers under the temporary directory, runs the release binary on them, and prints for each the megabytes
that a second of CPU time takes (of all threads, of which there is one, and of the system), and the peak of the memory beside
the numbers as doubles. What is timed is the whole command: `convert` reads and writes the numbers, `fit` reads them and
scores them once under one component, `one` does so with one column of the eight.
"""

import os
import random
import resource
import subprocess
import sys
import tempfile

COLUMNS = 8
BINARY = ["cargo", "build", "--release", "--quiet", "-p", "mixture"]


def cell(kind, rng):
    if kind == "7 digits":
        return f"{rng.gauss(0.0, 3.0):.7g}"
    if kind == "17 digits":
        return repr(rng.gauss(0.0, 3.0))
    if kind == "3 decimals":
        return f"{rng.gauss(0.0, 3.0):.3f}"
    if kind == "0 or 1":
        return str(rng.getrandbits(1))
    return f'"{rng.gauss(0.0, 3.0):.3f}"'


def write(path, kind, megabytes):
    """Lines drawn from some thousands of different ones: the file is large, its making quick."""
    rng = random.Random(0)
    lines = [",".join(cell(kind, rng) for _ in range(COLUMNS)) + "\n" for _ in range(20_000)]
    rows = 0
    with open(path, "w") as file:
        file.write(",".join(f"x{j}" for j in range(COLUMNS)) + "\n")
        while file.tell() < megabytes * 1e6:
            rng.shuffle(lines)
            file.writelines(lines)
            rows += len(lines)
    return rows


def run(words):
    """CPU seconds and peak bytes of a command; a child of its own, so that peaks do not mix."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w") as nowhere:
            subprocess.run(words, check=True, stdout=nowhere, stderr=nowhere)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.write(writer, f"{used.ru_utime + used.ru_stime} {used.ru_maxrss * 1024}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    seconds, peak = os.read(reader, 100).split()
    return float(seconds), float(peak)


def main():
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    subprocess.run(BINARY, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", "target")
    mixture = os.path.join(target, "release", "mixture")
    print(f"{'cells':<12} {'command':<8} {'MB/s':>7} {'ns/cell':>8} {'peak, MB':>9} {'numbers, MB':>12}")
    with tempfile.TemporaryDirectory() as folder:
        data, array = os.path.join(folder, "data.csv"), os.path.join(folder, "data.npy")
        for kind in ["7 digits", "17 digits", "3 decimals", "0 or 1", "quoted"]:
            rows = write(data, kind, megabytes)
            size = os.path.getsize(data) / 1e6
            fit = ["fit", data, "--family", "gaussian", "-k", "1", "--threads", "1"]
            commands = {
                "convert": [mixture, "convert", data, array],
                "fit": [mixture, *fit, "--restarts", "1", "--max-iterations", "0"],
                "one": [mixture, *fit, "--columns", "x3", "--restarts", "1", "--max-iterations", "0"],
            }
            for name, words in commands.items():
                seconds, peak = min(run(words) for _ in range(3))
                numbers = rows * (1 if name == "one" else COLUMNS) * 8 / 1e6
                cell = seconds / (rows * COLUMNS) * 1e9
                print(f"{kind:<12} {name:<8} {size / seconds:7.0f} {cell:8.1f} {peak / 1e6:9.0f} {numbers:12.0f}", flush=True)


if __name__ == "__main__":
    main()
