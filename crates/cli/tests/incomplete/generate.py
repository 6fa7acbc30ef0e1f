"""Data and direct maximisation of likelihoods of incomplete data: scipy finds the maximum of the
log-likelihood as it is written here, without EM, and mpmath polishes it at 40 digits by Newton on its
numerical gradient. Writes the data beside this file, and prints the numbers that incomplete.rs holds.

    python3 generate.py
"""

import csv
import pathlib
import random

import mpmath as mp
from scipy.optimize import minimize

HERE = pathlib.Path(__file__).parent
mp.mp.dps = 40


def write(name, header, rows):
    with open(HERE / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def number(text):
    return None if text == "" else mp.mpf(text)


def polish(name, log_likelihood, start, show):
    """The maximum over unconstrained coordinates."""
    found = minimize(
        lambda at: -float(log_likelihood(*[mp.mpf(float(a)) for a in at])),
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-11, "maxiter": 20000, "maxfev": 20000},
    )
    at = mp.matrix([mp.mpf(float(a)) for a in found.x])
    size, h = len(at), mp.mpf(10) ** -10

    def value(point):
        return log_likelihood(*[point[i] for i in range(size)])

    def shifted(point, *shifts):
        point = point.copy()
        for i, by in shifts:
            point[i] += by
        return point

    for _ in range(6):
        gradient = mp.matrix(size, 1)
        hessian = mp.matrix(size, size)
        middle = value(at)
        for i in range(size):
            up, down = value(shifted(at, (i, h))), value(shifted(at, (i, -h)))
            gradient[i] = (up - down) / (2 * h)
            hessian[i, i] = (up - 2 * middle + down) / h**2
            for j in range(i):
                pair = lambda a, b: value(shifted(at, (i, a * h), (j, b * h)))
                mixed = pair(1, 1) - pair(1, -1) - pair(-1, 1) + pair(-1, -1)
                hessian[i, j] = hessian[j, i] = mixed / (4 * h**2)
        at -= mp.lu_solve(hessian, gradient)
    print(name, "log-likelihood", mp.nstr(value(at), 17))
    for key, x in show(*[at[i] for i in range(size)]).items():
        print("   ", key, mp.nstr(x, 17))


def likelihood(rows, density, survival):
    """Known values by their density, intervals by the difference of survival functions."""
    total = mp.mpf(0)
    for low, high in rows:
        if low is not None and low == high:
            total += mp.log(density(low))
        else:
            above = mp.mpf(1) if low is None else survival(low)
            beyond = mp.mpf(0) if high is None else survival(high)
            total += mp.log(above - beyond)
    return total


def coarse(rng, x, digits=2):
    """Known, or censored on the right, on the left, or to an interval."""
    text = lambda value: f"{value:.{digits}f}"
    kind = rng.random()
    if kind < 0.55:
        return text(x), text(x)
    if kind < 0.75:
        return text(x * rng.uniform(0.4, 1.0)), ""
    if kind < 0.85:
        return "", text(x * rng.uniform(1.1, 2.0) + 0.01)
    return text(x * 0.7), text(x * 1.3 + 0.01)


def parsed(rows):
    return [(number(low), number(high)) for low, high in rows]


rng = random.Random(20)
exponential = [coarse(rng, rng.expovariate(3.0 if i % 5 < 2 else 0.2)) for i in range(80)]
write("exponential.csv", ["from", "to"], exponential)
rows = parsed(exponential)


def two_exponentials(logit, a, b):
    share, first, second = 1 / (1 + mp.exp(-logit)), mp.exp(a), mp.exp(b)
    return likelihood(
        rows,
        lambda x: share * first * mp.exp(-first * x) + (1 - share) * second * mp.exp(-second * x),
        lambda x: share * mp.exp(-first * x) + (1 - share) * mp.exp(-second * x),
    )


polish(
    "two exponentials",
    two_exponentials,
    [0.0, 1.0, -1.5],
    lambda logit, a, b: {"weight": 1 / (1 + mp.exp(-logit)), "rate": mp.exp(a), "rate 2": mp.exp(b)},
)


def weibull(a, b):
    shape, scale = mp.exp(a), mp.exp(b)
    return likelihood(
        rows,
        lambda x: shape / scale * (x / scale) ** (shape - 1) * mp.exp(-((x / scale) ** shape)),
        lambda x: mp.exp(-((x / scale) ** shape)),
    )


polish("weibull", weibull, [0.0, 0.0], lambda a, b: {"shape": mp.exp(a), "scale": mp.exp(b)})


def normal_tail(z):
    return mp.erfc(z / mp.sqrt(2)) / 2


def normal_density(z):
    return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


def log_normal(mean, log_sd):
    sd = mp.exp(log_sd)
    z = lambda x: (mp.log(x) - mean) / sd
    return likelihood(rows, lambda x: normal_density(z(x)) / (sd * x), lambda x: normal_tail(z(x)))


polish(
    "log_normal",
    log_normal,
    [0.0, 0.0],
    lambda mean, log_sd: {"log_mean": mean, "log_variance": mp.exp(2 * log_sd)},
)

# Counts: both ends belong to an interval.
poisson = []
for _ in range(60):
    limit, x = pow(2.718281828459045, -4.0), 0
    product = rng.random()
    while product > limit:
        product *= rng.random()
        x += 1
    kind = rng.random()
    if kind < 0.5:
        poisson.append((x, x))
    elif kind < 0.7:
        poisson.append((max(x - 1, 0), ""))
    elif kind < 0.85:
        poisson.append(("", x + 1))
    else:
        poisson.append((max(x - 1, 0), x + 2))
write("poisson.csv", ["from", "to"], poisson)
counts = [(number(str(low)), number(str(high))) for low, high in poisson]


def poisson_likelihood(a):
    rate = mp.exp(a)
    mass = lambda x: mp.exp(-rate) * rate**x / mp.factorial(x)
    total = mp.mpf(0)
    for low, high in counts:
        least = 0 if low is None else int(low)
        if high is None:
            total += mp.log(1 - sum((mass(x) for x in range(least)), mp.mpf(0)))
        else:
            total += mp.log(sum(mass(x) for x in range(least, int(high) + 1)))
    return total


polish("poisson", poisson_likelihood, [1.0], lambda a: {"rate": mp.exp(a)})

# Truncated: what lies outside is never seen.
normal = [x for x in (rng.gauss(1.0, 1.0) for _ in range(80)) if 0.0 < x <= 2.5]
normal = [f"{x:.3f}" for x in normal]
write("normal.csv", ["x"], [[x] for x in normal])


def truncated_normal(mean, log_sd):
    sd = mp.exp(log_sd)
    z = lambda x: (mp.mpf(x) - mean) / sd
    mass = normal_tail(z("0")) - normal_tail(z("2.5"))
    return sum(mp.log(normal_density(z(x)) / (sd * mass)) for x in normal)


polish(
    "truncated_normal",
    truncated_normal,
    [1.0, 0.0],
    lambda mean, log_sd: {"mean": mean, "variance": mp.exp(2 * log_sd)},
)
