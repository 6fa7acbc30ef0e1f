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


def negative_binomial(theta):
    mean, size = mp.exp(theta[0]), mp.exp(theta[1])
    density = lambda x: (mp.loggamma(x + size) - mp.loggamma(size) - mp.loggamma(x + 1)
                         + size * mp.log(size / (size + mean)) + x * mp.log(mean / (size + mean)))
    below = lambda x: mp.mpf(1) if x == INF else mp.fsum(mp.exp(density(k)) for k in range(int(mp.floor(x)) + 1))
    return density, (lambda low, high: below(high) - below(low)), lambda: [mean, size]


def beta(theta):
    a, b = mp.exp(theta[0]), mp.exp(theta[1])
    density = lambda x: (a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x) - mp.log(mp.beta(a, b))
    mass = lambda low, high: mp.betainc(a, b, max(low, mp.mpf(0)), min(high, mp.mpf(1)), regularized=True)
    return density, mass, lambda: [a, b]


def logistic(theta):
    m, s = theta[0], mp.exp(theta[1])
    density = lambda x: -(x - m) / s - 2 * mp.log1p(mp.exp(-(x - m) / s)) - theta[1]
    below = lambda x: mp.mpf(x > 0) if abs(x) == INF else 1 / (1 + mp.exp(-(x - m) / s))
    return density, (lambda low, high: below(high) - below(low)), lambda: [m, s]


def gumbel(theta):
    m, s = theta[0], mp.exp(theta[1])
    density = lambda x: -(x - m) / s - mp.exp(-(x - m) / s) - theta[1]
    below = lambda x: mp.mpf(x > 0) if abs(x) == INF else mp.exp(-mp.exp(-(x - m) / s))
    return density, (lambda low, high: below(high) - below(low)), lambda: [m, s]


def von_mises(theta):
    m, k = theta[0], mp.exp(theta[1])
    constant = mp.log(2 * mp.pi * mp.besseli(0, k))
    density = lambda x: k * mp.cos(x - m) - constant
    cuts = lambda low, high: [low + (high - low) * mp.mpf(j) / 6 for j in range(7)]
    mass = lambda low, high: mp.quad(lambda x: mp.exp(density(x)), cuts(low, high), method="gauss-legendre")
    return density, mass, lambda: [m, k]


def inverse_gaussian(theta):
    m, shape = mp.exp(theta[0]), mp.exp(theta[1])
    density = lambda x: mp.log(shape / (2 * mp.pi * x**3)) / 2 - shape * (x / m - 1) ** 2 / (2 * x)

    def below(x):
        if x <= 0 or x == INF:
            return mp.mpf(x > 0)
        root = mp.sqrt(shape / x)
        return mp.ncdf(root * (x / m - 1)) + mp.exp(2 * shape / m) * mp.ncdf(-root * (x / m + 1))

    return density, (lambda low, high: below(high) - below(low)), lambda: [m, shape]


FAMILIES = {
    "negative_binomial": negative_binomial,
    "beta": beta,
    "logistic": logistic,
    "gumbel": gumbel,
    "von_mises": von_mises,
    "inverse_gaussian": inverse_gaussian,
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
OVERDISPERSED = known(1, 2, 2, 3, 5, 9, 3, 15, 2, 4)
SHARES = known("0.2", "0.5", "0.35", "0.8", "0.45", "0.3")
ANGLES = known("0.5", "2", "1.25", "3", "0.75") + [
    (mp.mpf(1), mp.mpf(2), mp.mpf(2)),
    (mp.mpf(3), mp.mpf(5), mp.mpf(1)),
    (mp.mpf(-1), mp.mpf("0.5"), mp.mpf("1.5")),
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
    ("negative_binomial", (mp.mpf(0), INF), OVERDISPERSED, ["1", "0"]),
    ("negative_binomial", (mp.mpf(1), mp.mpf(30)), known(3, 5, 8, 4, 12, 7, 6, 9, 2, 19), ["1.9", "1"]),
    ("negative_binomial", ALL, OVERDISPERSED + COUNTS, ["1", "0.5"]),
    ("beta", (mp.mpf("0.1"), mp.mpf("0.9")), SHARES, ["0.5", "0.5"]),
    ("beta", ALL, SHARES + [(mp.mpf(0), mp.mpf("0.2"), mp.mpf(1)), (mp.mpf("0.6"), mp.mpf(1), mp.mpf(2))], ["0.5", "0.5"]),
    ("logistic", ALL, CENSORED, [1, 0]),
    ("gumbel", ALL, CENSORED, [1, 0]),
    ("inverse_gaussian", ALL, CENSORED, [0, 0]),
    ("von_mises", ALL, ANGLES, [1, 0]),
    ("von_mises", (mp.mpf(0), mp.mpf(4)), ANGLES[:5], [1, 0]),
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
