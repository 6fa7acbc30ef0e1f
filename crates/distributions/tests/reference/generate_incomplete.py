"""Maxima of truncated and of censored likelihoods, with mpmath at 40 digits.

Run: python3 generate_incomplete.py > incomplete.csv

Each line: the case, the bounds of the truncation (or -inf and inf), the observations as low:high:weight,
the parameters of the maximum, and the log-likelihood there. A known value has low = high.
"""

import mpmath as mp

mp.mp.dps = 40
INF = mp.inf


def normal(theta):
    mean, variance = theta[0], mp.exp(theta[1])
    deviation = mp.sqrt(variance)
    density = lambda x: -mp.log(2 * mp.pi * variance) / 2 - (x - mean) ** 2 / (2 * variance)

    def mass(low, high):
        a, b = (low - mean) / deviation, (high - mean) / deviation
        if a > 0:
            a, b = -b, -a
        return mp.ncdf(b) - (mp.ncdf(a) if a != -INF else 0)

    return density, mass, lambda: [mean, variance]


def log_normal(theta):
    density, mass, parameters = normal(theta)
    log = lambda x: mp.log(x) if x > 0 else -INF
    return (lambda x: density(mp.log(x)) - mp.log(x)), (
        lambda low, high: mass(log(low), INF if high == INF else log(high))
    ), parameters


def weibull(theta):
    shape, scale = mp.exp(theta[0]), mp.exp(theta[1])
    density = lambda x: mp.log(shape / scale) + (shape - 1) * mp.log(x / scale) - (x / scale) ** shape
    tail = lambda x: mp.mpf(0) if x == INF else mp.exp(-((max(x, mp.mpf(0)) / scale) ** shape))
    return density, (lambda low, high: tail(low) - tail(high)), lambda: [shape, scale]


def gamma(theta):
    shape, rate = mp.exp(theta[0]), mp.exp(theta[1])
    density = lambda x: shape * mp.log(rate) - mp.loggamma(shape) + (shape - 1) * mp.log(x) - rate * x
    below = lambda x: mp.mpf(1) if x == INF else mp.gammainc(shape, 0, rate * max(x, mp.mpf(0)), regularized=True)
    return density, (lambda low, high: below(high) - below(low)), lambda: [shape, rate]


def geometric(theta):
    p = 1 / (1 + mp.exp(-theta[0]))
    density = lambda x: mp.log(p) + x * mp.log1p(-p)
    tail = lambda x: mp.mpf(0) if x == INF else (1 - p) ** (mp.floor(max(x, mp.mpf(-1))) + 1)
    return density, (lambda low, high: tail(low) - tail(high)), lambda: [p]


def poisson(theta):
    rate = mp.exp(theta[0])
    density = lambda x: x * mp.log(rate) - rate - mp.loggamma(x + 1)
    above = lambda x: mp.mpf(0) if x == INF else (
        mp.mpf(1) if x < 0 else mp.gammainc(mp.floor(x) + 1, 0, rate, regularized=True))
    return density, (lambda low, high: above(low) - above(high)), lambda: [rate]


FAMILIES = {
    "normal": normal,
    "log_normal": log_normal,
    "weibull": weibull,
    "gamma": gamma,
    "geometric": geometric,
    "poisson": poisson,
}


def log_likelihood(family, bounds, rows, theta):
    density, mass, _ = family(theta)
    total = sum(w for _, _, w in rows)
    value = mp.mpf(0)
    for low, high, weight in rows:
        value += weight * (density(low) if low == high else mp.log(mass(low, high)))
    if bounds != (-INF, INF):
        value -= total * mp.log(mass(*bounds))
    return value


def maximum(family, bounds, rows, start):
    """Newton on the gradient, by numerical derivatives, from a start near the maximum."""
    f = lambda *theta: log_likelihood(family, bounds, rows, theta)
    size = len(start)
    gradient = [
        (lambda *theta, j=j: mp.diff(f, theta, tuple(int(i == j) for i in range(size))))
        for j in range(size)
    ]
    start = [mp.mpf(x) for x in start]
    found = mp.findroot(gradient if size > 1 else gradient[0], start, tol=1e-25, maxsteps=60)
    theta = list(found) if size > 1 else [found]
    return family(theta)[2](), f(*theta)


known = lambda *xs: [(mp.mpf(x), mp.mpf(x), mp.mpf(1)) for x in xs]
CENSORED = known("0.5", "2", "0.25", "1.5", "0.75") + [
    (mp.mpf(1), mp.mpf("2.5"), mp.mpf(1)),
    (mp.mpf(3), INF, mp.mpf(2)),
    (mp.mpf(0), mp.mpf("0.75"), mp.mpf("0.5")),
]
COUNTS = known(0, 3, 1, 2) + [
    (mp.mpf(1), mp.mpf(4), mp.mpf(2)),
    (mp.mpf(4), INF, mp.mpf(3)),
    (mp.mpf(-1), mp.mpf(2), mp.mpf(1)),
]
ALL = (-INF, INF)
REALS = known("0.6", "2.5", "0.9", "1.4", "0.7", "1.9")
CASES = [
    ("normal", (mp.mpf("0.5"), INF), REALS, ["0.5", "0.3"]),
    ("normal", (mp.mpf("-1"), mp.mpf(3)), REALS, ["1.4", "-0.7"]),
    ("normal", (-INF, mp.mpf("2.75")), REALS, [1, 0]),
    ("log_normal", (mp.mpf("0.5"), INF), REALS, [0, 0]),
    ("gamma", (-INF, mp.mpf(6)), REALS, ["1.2", "0.9"]),
    ("gamma", (mp.mpf("0.25"), mp.mpf(8)), REALS, ["1.1", "0.8"]),
    ("weibull", (mp.mpf("0.25"), mp.mpf(8)), REALS, ["0.6", "0.4"]),
    ("geometric", (mp.mpf(0), INF), known(1, 3, 1, 7, 2), [-1]),
    ("geometric", (mp.mpf(1), mp.mpf(9)), known(2, 3, 2, 7, 2), [-1]),
    ("poisson", (mp.mpf(1), mp.mpf(9)), known(2, 3, 2, 7, 2), [1]),
    ("normal", ALL, CENSORED, [1, 0]),
    ("log_normal", ALL, CENSORED, [0, 0]),
    ("gamma", ALL, CENSORED, [0, 0]),
    ("weibull", ALL, CENSORED, [0, 0]),
    ("poisson", ALL, COUNTS, [1]),
    ("geometric", ALL, COUNTS, [-1]),
]


def main():
    print("family,low,high,rows,parameters,log_likelihood")
    number = lambda x: mp.nstr(x, 20) if abs(x) != INF else ("inf" if x > 0 else "-inf")
    for name, bounds, rows, start in CASES:
        parameters, value = maximum(FAMILIES[name], bounds, rows, start)
        text = " ".join(":".join(number(x) for x in row) for row in rows)
        print(",".join([
            name, number(bounds[0]), number(bounds[1]), text,
            " ".join(number(x) for x in parameters), number(value),
        ]))


main()
