"""The largest log-likelihood of one factor on the columns of iris, by scipy: numbers in tests/factor.rs.

Minimises the negative log-likelihood of N(mean, l l' + diag(exp(t))) over l and t from several starts, with its
gradient written out; no code of this project takes part."""
import csv
import sys

import numpy as np
from scipy.optimize import minimize

path = sys.argv[1] if len(sys.argv) > 1 else "crates/gmm/tests/reference/gmm_iris/data.csv"
with open(path) as file:
    lines = list(csv.reader(file))[1:]
rows = np.array([[float(cell) for cell in line[:4]] for line in lines])


def largest(x):
    n, d = x.shape
    s = np.cov(x.T, bias=True)

    def loss(theta):
        l, t = theta[:d], theta[d:]
        sigma = np.outer(l, l) + np.diag(np.exp(t))
        inverse = np.linalg.inv(sigma)
        value = np.linalg.slogdet(sigma)[1] + np.trace(inverse @ s)
        slope = inverse - inverse @ s @ inverse
        return value, np.concatenate([2 * slope @ l, np.diag(slope) * np.exp(t)])

    rng = np.random.default_rng(0)
    best = np.inf
    for _ in range(20):
        start = np.concatenate([rng.normal(size=d) * np.sqrt(np.diag(s)), np.log(np.diag(s) / 2)])
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-11, "maxiter": 10000})
        best = min(best, found.fun)
    return -n / 2 * (d * np.log(2 * np.pi) + best)


print("all", repr(largest(rows)))
print("rows 50 to 99", repr(largest(rows[50:100])))
