#!/usr/bin/env python3
"""Log evidence of the weighted rows in mod.rs under a normal-inverse-Wishart prior (Murphy 2007, section 9)
and, for diagonal covariances, of columns under normal-inverse-gamma priors (section 3). Prints the constants
of mod.rs. Needs mpmath."""

from mpmath import mp, mpf, matrix, det, log, loggamma, pi

mp.dps = 40
ROWS = [(0, 0.5), (1, 2), (-1.5, 0.25), (2, 3.5), (0.5, -1)]
W = [mpf(w) for w in (1, 0.5, 2, 1.25, 1)]
M, KAPPA, NU = [mpf("0.25"), mpf("-0.5")], mpf("0.5"), mpf(4)
SCALE = [[mpf(2), mpf("0.5")], [mpf("0.5"), mpf(1)]]
N = sum(W)
MEAN = [sum(w * mpf(row[j]) for row, w in zip(ROWS, W)) / N for j in range(2)]


def entry(i, j):
    scatter = sum(w * (mpf(row[i]) - MEAN[i]) * (mpf(row[j]) - MEAN[j]) for row, w in zip(ROWS, W))
    return SCALE[i][j] + scatter + KAPPA * N / (KAPPA + N) * (MEAN[i] - M[i]) * (MEAN[j] - M[j])


def full():
    after = matrix([[entry(i, j) for j in range(2)] for i in range(2)])
    gammas = sum(loggamma((NU + N - j) / 2) - loggamma((NU - j) / 2) for j in range(2))
    return (-N * log(pi) + gammas + NU / 2 * log(det(matrix(SCALE))) - (NU + N) / 2 * log(det(after))
            + log(KAPPA) - log(KAPPA + N))


def diagonal():
    result = mpf(0)
    for j in range(2):
        a, b = NU / 2, SCALE[j][j] / 2
        shape, rate = a + N / 2, entry(j, j) / 2
        result += loggamma(shape) - loggamma(a) + a * log(b) - shape * log(rate)
        result += (log(KAPPA) - log(KAPPA + N)) / 2 - N / 2 * log(2 * pi)
    return result


print(f"pub const FULL: f64 = {mp.nstr(full(), 17)};")
print(f"pub const DIAGONAL: f64 = {mp.nstr(diagonal(), 17)};")
