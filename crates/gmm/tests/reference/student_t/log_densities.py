"""Log-densities of multivariate t distributions at 50 digits, extremes included.

    python3 log_densities.py > log_densities.json        (needs mpmath; half a minute)

`shapes` holds locations and scale matrices, `rows` holds [shape, df, x, log_density, sensitivity]. The
numbers given are doubles, so the values are those of exactly these parameters. sensitivity is
sum_j |theta_j d log_density / d theta_j|: what relative errors of the parameters cost. An entry S_ij of
the scale matrix counts with sqrt(S_ii S_jj): relative to that is the backward error of a Cholesky
factorisation (Higham 2002, Accuracy and stability of numerical algorithms, theorem 10.3 and 10.5).
"""

import json
import random

from mpmath import mp, mpf

# Fifty digits of ln p, after what cancels between the gamma functions of 1e100.
mp.dps = 160
DF = [1e-3, 0.1, 1.0, 2.5, 4.0, 30.0, 1e3, 1e6, 1e8, 1e10, 1e15, 1e100]
DISTANCES = [0.0, 1e-9, 0.3, 1.0, 3.0, 30.0, 1e4, 1e100, 1e200]


def log_density(location, scale, df, x):
    d = len(x)
    r = mp.matrix([mpf(a) - mpf(m) for a, m in zip(x, location)])
    inverse = scale ** -1
    whitened = inverse * r
    form = sum(r[i] * whitened[i] for i in range(d))
    df = mpf(df)

    def value(df):
        return (
            mp.loggamma((df + d) / 2)
            - mp.loggamma(df / 2)
            - mpf(d) / 2 * mp.log(df * mp.pi)
            - mp.log(mp.det(scale)) / 2
            - (df + d) / 2 * mp.log1p(form / df)
        )

    u = (df + d) / (df + form)
    by_df = (
        (mp.psi(0, (df + d) / 2) - mp.psi(0, df / 2) - d / df - mp.log1p(form / df)) / 2
        + (df + d) / 2 * form / (df * (df + form))
    )
    sensitivity = abs(df * by_df)
    sensitivity += sum(abs(mpf(location[i]) * u * whitened[i]) for i in range(d))
    for i in range(d):
        for j in range(d):
            slope = (u * whitened[i] * whitened[j] - inverse[i, j]) / 2
            sensitivity += abs(slope) * mp.sqrt(scale[i, i] * scale[j, j])
    return value(df), sensitivity


def shapes(rng):
    """Random matrices A A' of several dimensions and conditions, diagonal ones, and Hilbert's."""
    for d in [1, 2, 3, 5, 8, 20]:
        for condition in [1.0, 1e3]:
            a = [[rng.gauss(0, 1) for _ in range(d)] for _ in range(d)]
            size = [condition ** (-i / max(d - 1, 1)) for i in range(d)]
            matrix = [
                [sum(a[i][k] * size[k] * a[j][k] for k in range(d)) for j in range(d)] for i in range(d)
            ]
            matrix = [[matrix[max(i, j)][min(i, j)] for j in range(d)] for i in range(d)]
            yield [rng.uniform(-10, 10) for _ in range(d)], matrix
    yield [1e3, -1e-3, 0.0], [[1e8, 0.0, 0.0], [0.0, 1e-8, 0.0], [0.0, 0.0, 2.0]]
    yield [1.0] * 5, [[1.0 / (i + j + 1) for j in range(5)] for i in range(5)]


def main():
    rng = random.Random(20261122)
    table = {"shapes": [], "rows": []}
    for index, (location, rows) in enumerate(shapes(rng)):
        d = len(location)
        table["shapes"].append({"location": location, "scale_matrix": rows})
        scale = mp.matrix([[mpf(v) for v in row] for row in rows])
        for n, df in enumerate(DF):
            for distance in DISTANCES[n % 2 :: 2]:
                x = [m + distance * rng.gauss(0, 1) * rows[i][i] ** 0.5 for i, m in enumerate(location)]
                value, sensitivity = log_density(location, scale, df, x)
                table["rows"].append([index, df, x, mp.nstr(value, 20), mp.nstr(sensitivity, 5)])
    lines = ",\n".join(json.dumps(row) for row in table["rows"])
    print('{"shapes": ' + json.dumps(table["shapes"]) + ',\n"rows": [\n' + lines + "\n]}")


main()
