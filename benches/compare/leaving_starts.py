"""Whether a start may be left before its end: rules tried on the traces of complete fits (docs/decisions/0005).

    cargo build --release -p mixture && python3 benches/compare/leaving_starts.py target/release/mixture --seeds 12

Every fit makes ten starts to their end with --trace; each rule is then applied to the traces, start after start as the program
makes them. Counted are the passes it would have saved, and the fits whose best start it would have left. Needs numpy.
"""

import argparse
import collections
import csv
import math
import os
import subprocess
import tempfile

import numpy

DATA = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "data", "")


def simulated(folder):
    """Overlapping Gaussians (rows, columns, clusters, distance), three Poisson rates, four latent classes."""
    shapes = [(2000, 2, 5, 2.0), (2000, 2, 5, 3.5), (1000, 4, 4, 2.0), (3000, 1, 4, 2.5), (500, 3, 6, 2.0)]
    for number, (rows, columns, clusters, apart) in enumerate(shapes):
        rng = numpy.random.default_rng(number)
        means = rng.normal(size=(clusters, columns)) * apart
        labels = rng.integers(clusters, size=rows)
        x = numpy.zeros((rows, columns))
        for k in range(clusters):
            factor = rng.normal(size=(columns, columns)) * 0.5 + numpy.eye(columns)
            own = labels == k
            x[own] = means[k] + rng.normal(size=(own.sum(), columns)) @ factor
        header = ",".join(f"x{j}" for j in range(columns))
        numpy.savetxt(f"{folder}/g{number}.csv", x, delimiter=",", header=header, comments="")
    rng = numpy.random.default_rng(9)
    counts = rng.poisson(numpy.array([1.0, 3.0, 6.0])[rng.integers(3, size=800)])
    numpy.savetxt(f"{folder}/counts.csv", counts[:, None], fmt="%d", header="count", comments="")
    yes = rng.uniform(0.15, 0.85, size=(4, 8))
    answers = rng.uniform(size=(1000, 8)) < yes[rng.integers(4, size=1000)]
    with open(f"{folder}/classes.csv", "w") as file:
        file.write(",".join(f"q{j}" for j in range(8)) + "\n")
        file.writelines(",".join("ab"[int(v)] for v in row) + "\n" for row in answers)


def fits(folder):
    faithful, iris = DATA + "old_faithful.csv", DATA + "iris.csv"
    questions = ",".join(f"q{j}" for j in range(8))
    for k in (2, 3, 4):
        yield f"{faithful} --family gaussian -k {k}"
        yield f"{iris} --family gaussian -k {k}"
        yield f"{faithful} --columns waiting --family normal -k {k}"
        yield f"{folder}/classes.csv --family categorical --columns {questions} -k {k + 1}"
    for k in (2, 3):
        yield f"{folder}/counts.csv --family poisson -k {k}"
        yield f"{faithful} --family multivariate_t -k {k}"
        yield f"{faithful} --columns eruptions --family gamma -k {k}"
        yield f"{iris} --family gaussian --covariance VEV -k {k + 1}"
        yield f"{DATA}titanic.csv --columns Class,Sex,Age,Survived --row-weights Freq --family categorical -k {k}"
        yield f"{DATA}death_notices.csv --columns deaths --row-weights count --family poisson -k {k}"
    for number, k in ((0, 5), (1, 5), (2, 4), (3, 4), (4, 6), (4, 4)):
        yield f"{folder}/g{number}.csv --family gaussian -k {k}"
    yield f"{DATA}turtles.csv --family von_mises -k 2"


def traces(program, fit, seed, acceleration, folder):
    """The objectives of every start of a fit."""
    file = f"{folder}/trace.csv"
    command = f"{program} fit {fit} --seed {seed} --acceleration {acceleration} --trace {file}"
    run = subprocess.run(command.split(), capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{command}\n{run.stderr}")
    starts = collections.defaultdict(list)
    with open(file) as lines:
        for line in csv.DictReader(lines):
            starts[int(line["start"])].append(float(line["objective"]))
    return [starts[which] for which in sorted(starts)]


def remaining(before, last):
    """Aitken's estimate of what remains to be gained after two gains; infinite where they do not shrink."""
    if last <= 0.0:
        return 0.0
    return last * last / (before - last) if 0.0 < last < before else math.inf


def by_limit(times, in_a_row):
    """Left where `times` the estimated remaining gain does not reach the best, so often in a row."""

    def rule(starts):
        best, passes = -math.inf, 0
        for trace in starts:
            below, end = 0, len(trace)
            for t in range(5, len(trace) - 1):
                before, last = trace[t - 1] - trace[t - 2], trace[t] - trace[t - 1]
                reach = trace[t] + times * max(remaining(before, last), last)
                below = below + 1 if last >= 0.0 and reach < best - 0.1 else 0
                if below >= in_a_row:
                    end = t + 1
                    break
            passes += end
            best = max(best, trace[-1]) if end == len(trace) else best
        return passes, best

    return rule


def by_race(iterations, continued):
    """All starts for some iterations, the best of them continued."""

    def rule(starts):
        order = sorted(starts, key=lambda trace: -trace[min(iterations, len(trace) - 1)])
        passes = sum(min(iterations, len(trace)) for trace in order)
        passes += sum(max(0, len(trace) - iterations) for trace in order[:continued])
        return passes, max(trace[-1] for trace in order[:continued])

    return rule


def by_tolerance(tolerance):
    """All starts to a coarse tolerance, twice running, and the best of them on to the end."""

    def rule(starts):
        reached, passes = [], 0
        for trace in starts:
            quiet, end = 0, len(trace) - 1
            for t in range(3, len(trace)):
                before, last = trace[t - 1] - trace[t - 2], trace[t] - trace[t - 1]
                quiet = quiet + 1 if max(remaining(before, last), last) < tolerance else 0
                if quiet >= 2:
                    end = t
                    break
            passes += end + 1
            reached.append((trace[end], end, trace))
        _, end, trace = max(reached, key=lambda entry: entry[0])
        return passes + len(trace) - 1 - end, trace[-1]

    return rule


RULES = {
    **{f"limit x{c}, {m} in a row": by_limit(c, m) for c, m in ((1, 3), (3, 5), (10, 5), (30, 5), (100, 5), (100, 10))},
    **{f"race of {i}, {r} go on": by_race(i, r) for i, r in ((10, 1), (10, 3), (20, 3), (40, 3), (40, 5))},
    **{f"tolerance {tolerance:g} first": by_tolerance(tolerance) for tolerance in (1e-1, 1e-2, 1e-3, 1e-4)},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, default=12)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        simulated(folder)
        for acceleration in ("daarem", "none"):
            all_traces = [
                traces(arguments.program, fit, seed, acceleration, folder)
                for fit in fits(folder)
                for seed in range(arguments.seeds)
            ]
            whole = sum(len(trace) for starts in all_traces for trace in starts)
            print(f"{acceleration}: {len(all_traces)} fits, {whole} iterations")
            for name, rule in RULES.items():
                outcomes = [rule(starts) for starts in all_traces]
                bests = [max(trace[-1] for trace in starts) for starts in all_traces]
                lower = sum(best - reached > 1e-6 for (_, reached), best in zip(outcomes, bests))
                passes = sum(passes for passes, _ in outcomes)
                print(f"  {name}: {whole / passes:.2f} times fewer, the best left in {lower}")


if __name__ == "__main__":
    main()
