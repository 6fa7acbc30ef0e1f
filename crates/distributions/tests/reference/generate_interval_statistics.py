"""Expected sufficient statistics given an interval, with mpmath.

    python3 generate_interval_statistics.py > interval_statistics.csv      (needs mpmath; a minute)

Columns: family, parameters (as in model files, in order), low, high, the logarithm of the probability
of the interval, and the conditional means, separated by spaces inside a column:
  normal, log_normal      mean and variance (of ln x)
  gamma                   mean, and ln(mean) - mean of ln x
  weibull                 means of L, e, eL and eL^2 with L = ln(x/scale), e = (x/scale)^shape
  exponential, poisson, binomial, geometric    mean
  half_normal, rayleigh, maxwell    mean of x^2
  laplace                 mean of |x - location|
  pareto                  mean of ln(x/minimum)
Continuous ones are integrals of the density relative to its largest value in the interval, counts are
sums.
"""

from mpmath import mp, mpf

mp.dps = 40
INF = mp.inf


def bounded(log_density, low, high, mode, functions, least=-INF):
    """Means of `functions` under a log-concave density between low and high, and what is behind
    them: the integral of a function times the relative density, that of 1, and ln P."""
    means, integral, total, top = relative(log_density, low, high, mode, functions)
    _, _, whole, whole_top = relative(log_density, mpf(least), INF, mode, [])
    return means, integral, total, mp.log(total / whole) + top - whole_top


def relative(log_density, low, high, mode, functions):
    peak = min(max(mode, low), high)
    top = log_density(peak)

    def reach(direction, bound):
        step = mpf(10) ** -30
        while log_density(peak + direction * step) > top - 120:
            step *= 2
            if step >= abs(bound - peak):
                return abs(bound - peak)
        return step

    right, left = reach(1, high), reach(-1, low)
    points = [peak - left * mpf(j) / 24 for j in range(24, 0, -1) if left > 0]
    points += [peak] + [peak + right * mpf(j) / 24 for j in range(1, 25) if right > 0]

    def integral(g):
        return mp.quad(lambda y: g(y) * mp.exp(log_density(y) - top), points, method="gauss-legendre")

    total = integral(lambda y: mpf(1))
    return [integral(f) / total for f in functions], integral, total, top


def normal(low, high, mean, variance):
    density = lambda x: -((x - mean) ** 2) / (2 * variance)
    (m,), integral, total, log_p = bounded(density, low, high, mean, [lambda x: x])
    return [m, integral(lambda x: (x - m) ** 2) / total], log_p


def log(x):
    return mp.log(x) if x > 0 else -INF


def log_normal(low, high, m, v):
    return normal(log(low), log(high) if high < INF else INF, m, v)


def gamma(low, high, shape, rate):
    density = lambda y: shape * y - rate * mp.exp(y)
    bounds = (log(low), log(high) if high < INF else INF)
    values, _, _, log_p = bounded(density, *bounds, mp.log(shape / rate), [mp.exp, lambda y: y])
    return [values[0], mp.log(values[0]) - values[1]], log_p


def weibull(low, high, k, s):
    density = lambda y: y - mp.exp(y)
    bound = lambda x: k * mp.log(x / s) if 0 < x < INF else (-INF if x <= 0 else INF)
    functions = [
        lambda y: y / k,
        mp.exp,
        lambda y: mp.exp(y) * y / k,
        lambda y: mp.exp(y) * (y / k) ** 2,
    ]
    return bounded(density, bound(low), bound(high), mpf(0), functions)[::3]


def exponential(low, high, rate):
    return bounded(lambda x: -rate * x, max(low, mpf(0)), high, mpf(0), [lambda x: x], 0)[::3]


def half_normal(low, high, s):
    density = lambda x: -((x / s) ** 2) / 2
    return bounded(density, max(low, mpf(0)), high, mpf(0), [lambda x: x * x], 0)[::3]


def powered(power):
    def means(low, high, s):
        density = lambda y: (power + 1) * y - (mp.exp(y) / s) ** 2 / 2
        mode = mp.log(s * mp.sqrt(power + 1))
        bounds = (log(low), log(high) if high < INF else INF)
        return bounded(density, *bounds, mode, [lambda y: mp.exp(2 * y)])[::3]

    return means


def laplace(low, high, m, b):
    def side(near, far):
        density = lambda t: -t / b
        (mean,), _, total, _ = bounded(density, near, far, mpf(0), [lambda t: t], 0)
        return mean, total * mp.exp(-near / b)

    parts = []
    if high > m:
        parts.append(side(max(low, m) - m, high - m))
    if low < m:
        parts.append(side(m - min(high, m), m - low))
    total = sum(p for _, p in parts)
    return [sum(v * p for v, p in parts) / total], mp.log(total / (2 * b))


def pareto(low, high, m, a):
    low = max(low, m)
    top = mp.log(high / m) if high < INF else INF
    return bounded(lambda y: -a * y, mp.log(low / m), top, mpf(0), [lambda y: y], 0)[::3]


def counts(log_mass, first, last, mode):
    peak = int(min(max(mode, first), last))
    top = log_mass(peak)
    total = weighted = mpf(0)
    for direction, start in ((1, peak), (-1, peak - 1)):
        k = start
        while first <= k <= last:
            mass = mp.exp(log_mass(k) - top)
            if mass < mpf(10) ** -45:
                break
            total += mass
            weighted += mass * k
            k += direction
    return [weighted / total], mp.log(total) + top


def ends(low, high, least):
    first = least if low == -INF else max(least, int(mp.floor(low)) + 1)
    return first, (10**18 if high == INF else int(mp.floor(high)))


def poisson(low, high, rate):
    log_mass = lambda k: k * mp.log(rate) - mp.loggamma(k + 1) - rate
    return counts(log_mass, *ends(low, high, 0), rate)


def binomial(low, high, n, p):
    first, last = ends(low, high, 0)
    choose = lambda k: mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1)
    log_mass = lambda k: choose(k) + k * mp.log(p) + (n - k) * mp.log(1 - p)
    return counts(log_mass, first, min(last, int(n)), n * p)


def geometric(low, high, p):
    first, last = ends(low, high, 0)
    q = 1 - p
    n = last - first + 1
    if high == INF:
        return [first + q / p], first * mp.log(q)
    return [first + q / p - n * q**n / (1 - q**n)], first * mp.log(q) + mp.log(1 - q**n)


FAMILIES = {
    "normal": normal,
    "log_normal": log_normal,
    "gamma": gamma,
    "weibull": weibull,
    "exponential": exponential,
    "half_normal": half_normal,
    "rayleigh": powered(1),
    "maxwell": powered(2),
    "laplace": laplace,
    "pareto": pareto,
    "poisson": poisson,
    "binomial": binomial,
    "geometric": geometric,
}

inf = float("inf")
LINE = [(-inf, -9.0), (-inf, 0.3), (-1.0, 2.0), (-1e-3, 1e-3), (0.5, 0.5 + 1e-9), (0.2, inf), (3.0, 3.5), (5.0, inf),
        (5.0, 60.0), (-20.0, -19.0), (-3.0, 40.0), (-1000.0, -30.0), (200.0, inf), (1e5, 1e5 + 1.0), (30.0, 30.0001)]
POSITIVE = [(0.0, 0.01), (0.0, 1.0), (0.0, 30.0), (0.3, 0.31), (0.5, 2.0), (1.0, inf), (3.0, inf), (1.0, 1.0 + 1e-9), (1e-6, 1e-3), (12.0, 13.0)]
COUNTS = [(-inf, 0.0), (-inf, 4.0), (0.0, 1.0), (2.0, 9.0), (5.5, inf), (40.0, inf), (60.0, 62.0), (-inf, 30.0)]

CASES = [
    ("normal", (0.0, 1.0), LINE),
    ("normal", (100.0, 25.0), [(-inf, 90.0), (101.0, 101.5), (150.0, inf), (-inf, -1000.0), (99.0, 140.0)]),
    ("normal", (1e8, 1.0), [(1e8 + 1.0, inf), (1e8 - 0.5, 1e8 + 0.25)]),
    ("log_normal", (0.0, 1.0), POSITIVE),
    ("log_normal", (-2.0, 0.01), [(0.0, 0.1), (0.13, 0.14), (1.0, inf)]),
    ("gamma", (2.0, 3.0), POSITIVE),
    ("gamma", (0.1, 0.5), POSITIVE),
    ("gamma", (50.0, 40.0), POSITIVE),
    ("gamma", (1e6, 1e6), [(0.0, 1.0), (0.999, 1.0005), (1.01, inf), (1.0, 1.0 + 1e-9)]),
    ("weibull", (1.5, 2.0), POSITIVE),
    ("weibull", (0.3, 1.0), POSITIVE),
    ("weibull", (20.0, 1.0), [(0.0, 0.8), (0.0, 1.5), (0.9, 0.95), (1.0, inf), (1.15, 1.2), (0.5, 1.0), (1.0, 1.0 + 1e-9)]),
    ("exponential", (0.7,), POSITIVE + [(-1.0, 1e-9), (500.0, 501.0), (2000.0, inf)]),
    ("half_normal", (1.5,), POSITIVE + [(30.0, inf), (30.0, 30.01)]),
    ("rayleigh", (1.5,), POSITIVE + [(30.0, inf), (30.0, 30.01)]),
    ("maxwell", (1.5,), POSITIVE + [(30.0, inf), (30.0, 30.01)]),
    ("laplace", (0.5, 0.8), [(-inf, 0.2), (-1.0, 3.0), (0.5, 0.6), (2.0, inf), (-4.0, -3.9), (0.4999, 0.5001), (-inf, 7.0)]),
    ("pareto", (0.2, 1.3), [(0.0, 0.3), (0.2, 0.2 + 1e-9), (1.0, inf), (5.0, 5.5), (0.25, 1e6)]),
    ("poisson", (3.0,), COUNTS),
    ("poisson", (0.01,), COUNTS),
    ("poisson", (1e4,), [(-inf, 9000.0), (9990.0, 10010.0), (10500.0, inf), (9000.0, 10100.0)]),
    ("poisson", (1.1e8,), [(1.1e8 + 1e4, inf), (-inf, 1.1e8 - 2e4)]),
    ("binomial", (1e9, 0.2), [(2e8 + 1e4, inf)]),
    ("binomial", (100.0, 0.3), COUNTS),
    ("binomial", (1000.0, 0.999), [(-inf, 990.0), (995.0, inf), (998.0, 1000.0)]),
    ("geometric", (0.25,), COUNTS),
    ("geometric", (1e-6,), COUNTS + [(1e5, 3e6), (-inf, 1e7)]),
]


def main():
    print("family,parameters,low,high,log_probability,means")
    for family, parameters, intervals in CASES:
        for low, high in intervals:
            values, log_p = FAMILIES[family](mpf(low), mpf(high), *[mpf(p) for p in parameters])
            shown = " ".join(mp.nstr(v, 22, min_fixed=1, max_fixed=0) for v in values)
            log_p = mp.nstr(log_p, 22, min_fixed=1, max_fixed=0)
            print(",".join([family, " ".join(map(repr, parameters)), repr(low), repr(high), log_p, shown]))


main()
