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
  beta                    mean of x and of 1 - x, and ln(mean) - mean of ln for both
  inverse_gaussian        mean, and mean of 1/x - 1/mean
  chi_squared             mean of ln x
  student_t (its df last), logistic    mean of the latent precision u; mean and variance of x weighted by
                          u; student_t also mean of u - 1 - ln u
  gumbel                  as weibull, L = -(x - location), e = exp(-(x - location)/scale)
  von_mises               mean and variance of cos x and of sin x over the arc
  negative_binomial       mean, mean of x(x - 1), mean of digamma(x + 0.7)
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
    # Evenly, and where a tail is long also near the peak, where functions may change faster than it.
    parts = [mpf(j) / 24 for j in range(1, 25)]
    shares = lambda width: sorted(parts + [mpf(2) ** -j / 24 for j in range(1, 12)] if width > 400 else parts)
    points = [peak - left * share for share in reversed(shares(left)) if left > 0]
    points += [peak] + [peak + right * share for share in shares(right) if right > 0]

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


def beta(low, high, a, b):
    density = lambda y: a * y - (a + b) * mp.log1p(mp.exp(y))
    logit = lambda x: -INF if x <= 0 else (INF if x >= 1 else mp.log(x / (1 - x)))
    share = lambda y: 1 / (1 + mp.exp(-y))
    functions = [share, lambda y: share(-y), lambda y: -mp.log1p(mp.exp(-y)), lambda y: -mp.log1p(mp.exp(y))]
    v, _, _, log_p = bounded(density, logit(low), logit(high), mp.log(a / b), functions)
    return [v[0], v[1], mp.log(v[0]) - v[2], mp.log(v[1]) - v[3]], log_p


def inverse_gaussian(low, high, m, shape):
    density = lambda y: -y / 2 - shape * (mp.exp(y) / m - 1) ** 2 / (2 * mp.exp(y))
    mode = mp.log(2 * shape / (1 + mp.sqrt(1 + 4 * shape**2 / m**2)))
    bounds = (log(low), log(high) if high < INF else INF)
    v, _, _, log_p = bounded(density, *bounds, mode, [mp.exp, lambda y: mp.exp(-y)])
    return [v[0], v[1] - 1 / v[0]], log_p


def chi_squared(low, high, df):
    density = lambda y: df * y / 2 - mp.exp(y) / 2
    bounds = (log(low), log(high) if high < INF else INF)
    return bounded(density, *bounds, mp.log(df), [lambda y: y])[::3]


def latent(low, high, exponent, to_v, to_x, precision, excess):
    """v has a density proportional to cosh(v)^-exponent."""
    density = lambda v: -exponent * mp.log(mp.cosh(v))
    bound = lambda x: x if abs(x) == INF else to_v(x)
    u = lambda v: precision(to_x(v))
    functions = [u, lambda v: u(v) * to_x(v)] + ([lambda v: u(v) - 1 - mp.log(u(v))] if excess else [])
    values, integral, total, log_p = bounded(density, bound(low), bound(high), mpf(0), functions)
    mean = values[1] / values[0]
    variance = integral(lambda v: u(v) * (to_x(v) - mean) ** 2) / integral(u)
    return [values[0], mean, variance] + values[2:], log_p


def student_t(low, high, m, s, df):
    width = s * mp.sqrt(df)
    precision = lambda x: (df + 1) / (df + ((x - m) / s) ** 2)
    return latent(low, high, df, lambda x: mp.asinh((x - m) / width), lambda v: m + width * mp.sinh(v), precision, True)


def logistic(low, high, m, s):
    precision = lambda x: mp.tanh((x - m) / s / 2) / ((x - m) / s) if x != m else mpf(1) / 2
    return latent(low, high, 2, lambda x: (x - m) / s / 2, lambda v: m + 2 * s * v, precision, False)


def gumbel(low, high, m, s):
    density = lambda y: y - mp.exp(y)
    bound = lambda x: -x if abs(x) == INF else -(x - m) / s
    functions = [
        lambda y: y * s,
        mp.exp,
        lambda y: mp.exp(y) * y * s,
        lambda y: mp.exp(y) * (y * s) ** 2,
    ]
    return bounded(density, bound(high), bound(low), mpf(0), functions)[::3]


def von_mises(low, high, m, k):
    # Around the circle from the direction opposite to the mean, piece by piece.
    pieces = []
    turn = mp.floor((low - m + mp.pi) / (2 * mp.pi)) * 2 * mp.pi
    a, b = low - m - turn, high - m - turn
    pieces = [(a, b)] if b <= mp.pi else [(a, mp.pi), (-mp.pi, b - 2 * mp.pi)]
    width = 8 / mp.sqrt(k + 1)
    top = max(mp.cos(min(max(p, mpf(0)), q)) for p, q in pieces)

    def integral(g):
        value = mpf(0)
        for p, q in pieces:
            cuts = sorted({p, q} | {c * width for c in range(-40, 41) if p < c * width < q})
            cuts = [p + (q - p) * mpf(j) / 12 for j in range(13)] if len(cuts) < 4 else cuts
            value += mp.quad(lambda t: g(m + t) * mp.exp(k * (mp.cos(t) - top)), cuts, method="gauss-legendre")
        return value

    total = integral(lambda x: mpf(1))
    c, s = integral(mp.cos) / total, integral(mp.sin) / total
    cc = integral(lambda x: (mp.cos(x) - c) ** 2) / total
    ss = integral(lambda x: (mp.sin(x) - s) ** 2) / total
    return [c, cc, s, ss], mp.log(total) + k * top - mp.log(2 * mp.pi * mp.besseli(0, k))


def negative_binomial(low, high, m, r):
    first, last = ends(low, high, 0)
    base = r * mp.log(r / (r + m)) - mp.loggamma(r)
    top = base + mp.loggamma(first + r) - mp.loggamma(first + 1) + first * mp.log(m / (r + m))
    # By the recurrence of the masses; digamma by its own.
    total, sums, mass, k = mpf(0), [mpf(0)] * 3, mpf(1), mpf(first)
    psi = mp.digamma(k + mpf("0.7"))
    peak = mpf(1)
    while k <= last:
        total += mass
        for j, f in enumerate((k, k * (k - 1), psi)):
            sums[j] += mass * f
        psi += 1 / (k + mpf("0.7"))
        mass *= (k + r) / (k + 1) * m / (r + m)
        peak = max(peak, mass)
        if mass < peak * mpf(10) ** -35 and k > m:
            break
        k += 1
    return [s / total for s in sums], top + mp.log(total)


FAMILIES = {
    "beta": beta,
    "inverse_gaussian": inverse_gaussian,
    "chi_squared": chi_squared,
    "student_t": student_t,
    "logistic": logistic,
    "gumbel": gumbel,
    "von_mises": von_mises,
    "negative_binomial": negative_binomial,
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
SHARES = [(0.0, 0.01), (0.0, 0.5), (0.2, 0.3), (0.4, 0.4 + 1e-9), (0.5, 1.0), (0.999, 1.0), (0.1, 0.9)]
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
    ("beta", (2.0, 3.0), SHARES),
    ("beta", (0.3, 0.05), SHARES),
    ("beta", (1e-3, 4.0), [(0.0, 1e-3), (0.2, 0.9), (0.0, 0.5)]),
    ("beta", (4e5, 6e5), [(0.0, 0.4), (0.399, 0.4002), (0.41, 1.0), (0.3, 0.39)]),
    ("inverse_gaussian", (1.0, 2.0), POSITIVE),
    ("inverse_gaussian", (3.0, 0.05), POSITIVE),
    ("inverse_gaussian", (2.0, 1e5), [(0.0, 1.99), (1.995, 2.01), (2.1, inf)]),
    ("chi_squared", (3.0,), POSITIVE),
    ("student_t", (0.0, 1.0, 4.0), LINE),
    ("student_t", (10.0, 2.0, 0.7), [(-inf, 3.0), (9.0, 30.0), (40.0, inf), (12.0, 12.5)]),
    ("student_t", (0.5, 1.0, 300.0), [(-inf, -3.0), (0.0, 1.0), (4.0, inf)]),
    ("logistic", (0.3, 1.0), LINE),
    ("gumbel", (0.3, 1.0), [i for i in LINE if i[1] > -15.0 and i[0] < 100.0]),
    ("gumbel", (5.0, 0.1), [(4.9, 5.0), (5.5, inf), (-inf, 4.8)]),
    ("von_mises", (0.5, 2.0), [(0.4, 0.9), (-2.0, 1.5), (2.0, 4.5), (3.0, 3.0001), (1.0, 7.0)]),
    ("von_mises", (-3.0, 500.0), [(-3.1, -2.95), (3.0, 3.5), (-2.5, -2.0), (2.0, 2.5)]),
    ("von_mises", (1.0, 1e-3), [(-3.0, 0.2), (4.0, 6.0)]),
    ("negative_binomial", (3.0, 0.7), COUNTS),
    ("negative_binomial", (3.0, 50.0), COUNTS),
    ("negative_binomial", (5e3, 0.3), [(-inf, 0.0), (0.0, inf), (700.0, 20000.0), (30000.0, inf)]),
    ("negative_binomial", (2e4, 1e3), [(-inf, 19000.0), (0.0, inf), (22000.0, inf)]),
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
