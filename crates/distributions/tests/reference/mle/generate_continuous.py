"""Weighted maxima of the likelihood at 50 digits, of families that expected.csv lacks.

    python3 generate_continuous.py > continuous.csv        (needs mpmath; about a minute)

Columns as in expected.csv. Maxima are roots of the score equations, found by mpmath's findroot from the
start given (a maximum by scipy's Nelder-Mead, to a few digits); the neighbours are checked to be lower.
"""

import csv
import json
import sys

from mpmath import mp, mpf

mp.dps = 50


def student_t(x, location, scale, df):
    z = (x - location) / scale
    value = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df * mp.pi) / 2
    return value - mp.log(scale) - (df + 1) / 2 * mp.log1p(z * z / df)


def cauchy(x, location, scale):
    return student_t(x, location, scale, mpf(1))


def gumbel(x, location, scale):
    z = (x - location) / scale
    return -mp.log(scale) - z - mp.exp(-z)


def inverse_gaussian(x, mean, shape):
    return mp.log(shape / (2 * mp.pi * x**3)) / 2 - shape * (x - mean) ** 2 / (2 * mean**2 * x)


def chi_squared(x, df):
    return (df / 2 - 1) * mp.log(x) - x / 2 - df / 2 * mp.log(2) - mp.loggamma(df / 2)


def data(name, weighted):
    with open(name) as lines:
        rows = [(mpf(float(r["x"])), mpf(float(r["w"]))) for r in csv.DictReader(lines)]
    return rows if weighted else [(x, mpf(1)) for x, _ in rows]


def maximum(name, weighted, density, start):
    rows = data(name, weighted)

    def likelihood(*parameters):
        return mp.fsum(w * density(x, *parameters) for x, w in rows if w > 0)

    def score(*parameters):
        # Central differences at twice the digits: exact to all that are kept.
        with mp.workdps(110):
            step = mpf(10) ** -35
            slopes = []
            for j, theta in enumerate(parameters):
                up, down = list(parameters), list(parameters)
                up[j], down[j] = theta * (1 + step), theta * (1 - step)
                slopes.append((likelihood(*up) - likelihood(*down)) / (2 * step))
            return slopes[0] if len(slopes) == 1 else slopes

    found = mp.findroot(score, [mpf(v) for v in start.values()], tol=mpf(10) ** -50, verify=False)
    found = [found] if len(start) == 1 else list(found)
    best = likelihood(*found)
    slopes = score(*found)
    assert all(abs(slope) < mpf(10) ** -20 for slope in (slopes if len(found) > 1 else [slopes]))
    for j in range(len(found)):
        for factor in (mpf("0.99"), mpf("1.01")):
            beside = list(found)
            beside[j] *= factor
            assert likelihood(*beside) < best
    parameters = {key: float(value) for key, value in zip(start, found)}
    fields = json.dumps(parameters, separators=(",", ":")).replace('"', '""')
    weights = "weighted" if weighted else "unweighted"
    print(f'{name},{density.__name__},{weights},"{fields}",{mp.nstr(best, 20)}')


def main():
    print("data,family,weights,parameters,log_likelihood")
    starts = {
        True: [(852.025, 72.258, 117.286), (846.239, 44.004), (815.678, 75.658), (3.5957, 25.3006), 4.3378],
        False: [(852.334, 74.9364, 21.7494), (848.108, 44.941), (813.006, 81.1085), (3.4878, 23.614), 4.2222],
    }
    for weighted, (student, half, right, inverse, square) in starts.items():
        names = ("location", "scale", "df")
        maximum("speed.csv", weighted, student_t, dict(zip(names, student)))
        maximum("speed.csv", weighted, cauchy, dict(zip(names, half)))
        maximum("speed.csv", weighted, gumbel, dict(zip(names, right)))
        maximum("eruptions.csv", weighted, inverse_gaussian, dict(zip(("mean", "shape"), inverse)))
        maximum("eruptions.csv", weighted, chi_squared, {"df": square})


if __name__ == "__main__":
    sys.exit(main())
