"""Distribution functions, moments and divergences with mpmath, tails and extremes included.

    python3 generate_distribution_functions.py        (needs mpmath; some minutes)

Writes beside itself:
  distribution_functions.csv  family, parameters (JSON, as in model files), x, cdf, sf, and the
                              sensitivities sum_j |theta_j d ln cdf / d theta_j|, the same of sf:
                              what relative errors of the parameters cost.
  moments.csv                 family, parameters, mean, variance, entropy, at extreme parameters.
  divergences.csv             family, parameters of p, parameters of q, KL(p||q).

All numbers given are doubles, so that the values are those of exactly these parameters. Everything
comes from definitions: sums of masses, integrals of densities, or mpmath's own incomplete functions.
"""

import json
import os

from mpmath import mp, mpf

mp.dps = 40
HERE = os.path.dirname(os.path.abspath(__file__))
ONE = mpf(1)


def expo(u):
    """The tails of a unit exponential variable."""
    if u <= 0:
        return mpf(0), ONE
    return -mp.expm1(-u), mp.exp(-u)


def bell(z):
    return mp.erfc(-z / mp.sqrt(2)) / 2, mp.erfc(z / mp.sqrt(2)) / 2


def gamma_tails(a, x):
    if x > a + 1:
        upper = mp.gammainc(a, x, mp.inf, regularized=True)
        return 1 - upper, upper
    # The series of positive terms.
    term = total = ONE
    n = 1
    while term > total * mpf(10) ** -45:
        term *= x / (a + n)
        total += term
        n += 1
    lower = mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1)) * total
    return lower, 1 - lower


def beta_tails(a, b, x):
    lower = mp.betainc(a, b, 0, x, regularized=True)
    upper = mp.betainc(b, a, 0, 1 - x, regularized=True)
    return lower, upper


def count_tails(k, masses):
    """From the masses of all counts that matter, in order."""
    return mp.fsum(m for x, m in masses if x <= k), mp.fsum(m for x, m in masses if x > k)


def poisson_masses(rate, first, last):
    x = mpf(first)
    mass = mp.exp(x * mp.log(rate) - rate - mp.loggamma(x + 1))
    masses = []
    while x <= last:
        masses.append((x, mass))
        x += 1
        mass *= rate / x
    return masses


def binomial_masses(n, p):
    mass = (1 - p) ** n
    masses = []
    for x in range(n + 1):
        masses.append((x, mass))
        mass *= (n - x) * p / ((x + 1) * (1 - p))
    return masses


def negative_binomial_masses(m, r, last):
    q = m / (r + m)
    mass = mp.exp(r * mp.log(r / (r + m)))
    masses = []
    for x in range(last + 1):
        masses.append((x, mass))
        mass *= (x + r) / (x + 1) * q
    return masses


def von_mises_tails(x, mu, kappa):
    whole = mp.exp(-kappa) * mp.besseli(0, kappa) * 2 * mp.pi

    def side(a, b):
        # Panels over which the density falls by few powers of e, until nothing is left.
        step = 3 / (1 + mp.sqrt(kappa) + kappa * abs(mp.sin(a - mu)))
        points = [a + step * j for j in range(60) if a + step * j < b]
        points += [b] if len(points) < 60 else []
        # Relative to its value at a: the error that quad controls is absolute.
        f = lambda t: mp.exp(kappa * (mp.cos(t - mu) - mp.cos(a - mu)))
        return mp.quad(f, points, method="gauss-legendre") * mp.exp(kappa * (mp.cos(a - mu) - 1))

    d = x - mu
    if d >= 0:
        upper = side(x, mu + mp.pi) / whole
        return 1 - upper, upper
    upper = side(2 * mu - x, mu + mp.pi) / whole
    return upper, 1 - upper


TAILS = {
    "normal": lambda x, mean, variance: bell((x - mean) / mp.sqrt(variance)),
    "log_normal": lambda x, m, v: bell((mp.log(x) - m) / mp.sqrt(v)),
    "exponential": lambda x, rate: expo(rate * x),
    "gamma": lambda x, shape, rate: gamma_tails(shape, rate * x),
    "inverse_gamma": lambda x, shape, scale: gamma_tails(shape, scale / x)[::-1],
    "beta": lambda x, a, b: beta_tails(a, b, x),
    "laplace": lambda x, m, b: (
        (mp.exp((x - m) / b) / 2, 1 - mp.exp((x - m) / b) / 2)
        if x < m
        else (1 - mp.exp((m - x) / b) / 2, mp.exp((m - x) / b) / 2)
    ),
    "weibull": lambda x, k, s: expo((x / s) ** k),
    "pareto": lambda x, m, a: expo(a * mp.log(x / m)),
    "rayleigh": lambda x, s: expo((x / s) ** 2 / 2),
    "maxwell": lambda x, s: gamma_tails(mpf(3) / 2, (x / s) ** 2 / 2),
    "half_normal": lambda x, s: (mp.erf(x / s / mp.sqrt(2)), mp.erfc(x / s / mp.sqrt(2))),
    "uniform": lambda x, a, b: ((x - a) / (b - a), (b - x) / (b - a)),
    "von_mises": von_mises_tails,
    "poisson": lambda k, rate: count_tails(
        k,
        poisson_masses(
            rate,
            max(0, int(min(k, rate) - 60 * mp.sqrt(rate) - 200)),
            int(max(k, rate) + 60 * mp.sqrt(rate) + 200),
        ),
    ),
    "binomial": lambda k, n, p: count_tails(k, binomial_masses(int(n), p)),
    "geometric": lambda k, p: expo(-(k + 1) * mp.log(1 - p)),
    "negative_binomial": lambda k, m, r: count_tails(
        k, negative_binomial_masses(m, r, int(k + m * (1 + 110 / min(r, mpf(1))) + 300))
    ),
}

NAMES = {
    "normal": ["mean", "variance"],
    "log_normal": ["log_mean", "log_variance"],
    "exponential": ["rate"],
    "gamma": ["shape", "rate"],
    "inverse_gamma": ["shape", "scale"],
    "beta": ["alpha", "beta"],
    "laplace": ["location", "scale"],
    "weibull": ["shape", "scale"],
    "pareto": ["minimum", "shape"],
    "rayleigh": ["scale"],
    "maxwell": ["scale"],
    "half_normal": ["scale"],
    "uniform": ["low", "high"],
    "von_mises": ["mean_direction", "concentration"],
    "poisson": ["rate"],
    "binomial": ["trials", "probability"],
    "geometric": ["probability"],
    "negative_binomial": ["mean", "size"],
}

POINTS = [
    ("normal", (0.0, 1.0), [-38.0, -20.0, -5.5, -1.0, -1e-9, 1e-300, 0.3, 2.5, 8.5, 37.0]),
    ("normal", (3.0, 1e-6), [2.97, 2.9999, 3.0, 3.002, 3.03]),
    ("normal", (-1e5, 4e8), [-7e5, -1e5, 2e4, 6e5]),
    ("log_normal", (0.0, 1.0), [1e-15, 1e-3, 0.7, 1.0, 30.0, 1e15]),
    ("log_normal", (-3.0, 0.01), [1e-3, 0.02, 0.05, 0.2]),
    ("log_normal", (5.0, 30.0), [1e-60, 1e-5, 150.0, 1e20, 1e80]),
    ("exponential", (1.0,), [1e-300, 1e-10, 0.5, 40.0, 700.0]),
    ("exponential", (1e-8,), [1e-3, 1e8, 2e10]),
    ("exponential", (3e7,), [1e-20, 1e-7, 1e-6]),
    ("gamma", (2.5, 3.0), [1e-100, 1e-3, 0.8, 5.0, 200.0]),
    ("gamma", (0.01, 1.0), [1e-300, 1e-10, 0.1, 3.0, 500.0]),
    ("gamma", (100.0, 0.5), [1.0, 100.0, 200.0, 230.0, 1500.0]),
    ("gamma", (1e4, 1e3), [5.0, 9.5, 10.0, 10.3, 14.0]),
    ("inverse_gamma", (3.0, 2.0), [0.003, 0.3, 0.7, 20.0, 1e30]),
    ("inverse_gamma", (0.2, 5.0), [0.01, 1.0, 1e4, 1e100]),
    ("inverse_gamma", (500.0, 1e3), [1.0, 1.9, 2.0, 3.0]),
    ("beta", (2.0, 3.0), [1e-100, 1e-5, 0.3, 0.9, 1 - 1e-9]),
    ("beta", (0.05, 0.1), [1e-300, 1e-8, 0.5, 0.9999]),
    ("beta", (300.0, 20.0), [0.5, 0.9, 0.94, 0.99, 0.9999]),
    ("beta", (1e-3, 50.0), [1e-200, 1e-3, 0.3]),
    ("laplace", (0.0, 1.0), [-700.0, -30.0, -1e-8, 0.0, 1e-8, 3.0, 600.0]),
    ("laplace", (2.0, 0.03), [-5.0, 1.9, 2.01, 20.0]),
    ("weibull", (1.5, 2.0), [1e-200, 1e-5, 1.0, 20.0, 150.0]),
    ("weibull", (0.1, 3.0), [1e-300, 1e-20, 2.0, 1e10, 1e28]),
    ("weibull", (200.0, 1e-3), [1e-4, 9e-4, 1e-3, 1.02e-3, 1.03e-3]),
    ("pareto", (1.0, 2.5), [1.0 + 1e-15, 1.0001, 3.0, 1e10, 1e120]),
    ("pareto", (1e-5, 0.02), [1.1e-5, 1.0, 1e300]),
    ("pareto", (7.0, 1e5), [7.0 + 1e-12, 7.0001, 7.04]),
    ("rayleigh", (2.0,), [1e-150, 1e-5, 1.0, 10.0, 70.0]),
    ("maxwell", (0.5,), [1e-90, 1e-5, 0.5, 2.0, 18.0]),
    ("half_normal", (3.0,), [1e-300, 1e-8, 1.0, 10.0, 110.0]),
    ("uniform", (-2.0, 5.0), [-2.0 + 1e-15, 0.0, 4.0, 5.0 - 1e-15]),
    ("von_mises", (0.0, 2.0), [-3.14159, -3.0, -0.5, 1e-9, 1.5, 3.0, 3.141592]),
    ("von_mises", (1.0, 1e-6), [-2.1, 0.0, 1.0, 4.0]),
    ("von_mises", (-2.0, 40.0), [-5.1, -3.0, -2.1, -1.9, 0.0, 1.0]),
    ("von_mises", (0.5, 1e4), [0.2, 0.49, 0.5, 0.51, 0.8]),
    ("von_mises", (0.0, 1e10), [-3e-4, -1e-5, 1e-6, 3e-4]),
    ("poisson", (3.0,), [0, 2, 3, 10, 40, 150]),
    ("poisson", (1e-8,), [0, 1, 5, 30]),
    ("poisson", (1e3,), [200, 800, 990, 1000, 1100, 1700]),
    ("poisson", (1e5,), [95000, 99900, 100000, 101000, 109000]),
    ("binomial", (10, 0.3), [0, 3, 9]),
    ("binomial", (1000, 0.01), [0, 5, 10, 40, 200]),
    ("binomial", (1000, 0.75), [300, 700, 750, 800, 990]),
    ("binomial", (50, 1e-9), [0, 1, 20]),
    ("geometric", (0.3,), [0, 4, 100, 1900]),
    ("geometric", (1e-12,), [0, 10, 10**12, 5 * 10**14]),
    ("geometric", (0.999,), [0, 1, 50]),
    ("negative_binomial", (3.0, 2.0), [0, 3, 40, 500]),
    ("negative_binomial", (10.0, 0.1), [0, 5, 300, 3000]),
    ("negative_binomial", (20.0, 1e6), [0, 10, 20, 30, 100]),
    ("negative_binomial", (1e-6, 5.0), [0, 1, 8]),
]


def digits(value):
    if value != 0 and abs(value) < mpf(10) ** -307:
        return None
    return mp.nstr(value, 22, min_fixed=1, max_fixed=0)


def labelled(family, parameters):
    text = json.dumps(dict(zip(NAMES[family], parameters)))
    return '"' + text.replace('"', '""') + '"'


def sensitivities(family, x, parameters):
    tails = TAILS[family]
    total = [mpf(0), mpf(0)]
    base = [mpf(p) for p in parameters]
    for j, name in enumerate(NAMES[family]):
        if name == "trials" or base[j] == 0:
            continue
        step = mpf(10) ** -12
        moved = []
        for sign in (1, -1):
            other = list(base)
            other[j] = base[j] * (1 + sign * step)
            moved.append(tails(mpf(x), *other))
        for side in (0, 1):
            if moved[0][side] > 0 and moved[1][side] > 0:
                total[side] += abs(mp.log(moved[0][side] / moved[1][side])) / (2 * step)
    return total


def write_tails():
    with open(os.path.join(HERE, "distribution_functions.csv"), "w") as out:
        out.write("family,parameters,x,cdf,sf,cdf_sensitivity,sf_sensitivity\n")
        for family, parameters, xs in POINTS:
            for x in xs:
                values = TAILS[family](mpf(x), *[mpf(p) for p in parameters])
                texts = [digits(v) for v in values]
                if None in texts:
                    continue
                shown = repr(float(x)) if not isinstance(x, int) else str(x)
                cost = ["%.3e" % float(s) for s in sensitivities(family, x, parameters)]
                out.write(",".join([family, labelled(family, parameters), shown, *texts, *cost]) + "\n")


def count_entropy(masses):
    return -mp.fsum(m * mp.log(m) for _, m in masses if m > 0)


def smooth_entropy(log_mass, mean, deviation):
    """Of a wide bell, by the rectangle rule in strides: exact to far more digits than asked."""
    stride = int(deviation / 10)
    total = mpf(0)
    for i in range(-150, 151):
        value = log_mass(mpf(int(mean) + i * stride))
        total -= mp.exp(value) * value
    return stride * total


def log_choose(n, k):
    return mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1)


def moments():
    psi, lg = mp.psi, mp.loggamma
    rows = []
    for a, b in [(1e-5, 2.0), (0.3, 1e5), (40.0, 0.01), (1e6, 3.0), (1e14, 1e7)]:
        A, B = mpf(a), mpf(b)
        rows.append(("gamma", (a, b), A / B, A / B**2, A - mp.log(B) + lg(A) + (1 - A) * psi(0, A)))
    for a, b in [(3.0, 2.0), (1e6, 3.0), (2.0 + 1e-9, 1.0)]:
        A, B = mpf(a), mpf(b)
        entropy = A + mp.log(B) + lg(A) - (1 + A) * psi(0, A)
        rows.append(("inverse_gamma", (a, b), B / (A - 1), B**2 / ((A - 1) ** 2 * (A - 2)), entropy))
    for a, b in [(1e-4, 2e-4), (1.0, 1.0), (2.0, 3.0), (1e6, 3.0), (1e9, 1e12)]:
        A, B = mpf(a), mpf(b)
        n = A + B
        entropy = lg(A) + lg(B) - lg(n) - (A - 1) * psi(0, A) - (B - 1) * psi(0, B) + (n - 2) * psi(0, n)
        rows.append(("beta", (a, b), A / n, A * B / n**2 / (n + 1), entropy))
    for k, s in [(0.05, 1.0), (0.8, 2.0), (1.9, 2.0), (2.1, 3.0), (50.0, 3.0), (1e6, 1e-3)]:
        K, S = mpf(k), mpf(s)
        g1, g2 = mp.gamma(1 + 1 / K), mp.gamma(1 + 2 / K)
        rows.append(("weibull", (k, s), S * g1, S**2 * (g2 - g1**2), mp.euler * (1 - 1 / K) + mp.log(S / K) + 1))
    for m, v in [(0.0, 1e-12), (3.0, 50.0), (-300.0, 300.0)]:
        M, V = mpf(m), mpf(v)
        entropy = M + (1 + mp.log(2 * mp.pi * V)) / 2
        rows.append(("log_normal", (m, v), mp.exp(M + V / 2), mp.expm1(V) * mp.exp(2 * M + V), entropy))
    for mu, k in [(1.0, 1e-8), (0.0, 3.0), (2.0, 500.0), (-1.0, 1e9)]:
        K = mpf(k)
        if k < 1e6:
            i0, i1 = mp.besseli(0, K), mp.besseli(1, K)
            ratio, log_i0 = i1 / i0, mp.log(i0)
        else:

            def series(nu):
                term = total = ONE
                for j in range(1, 12):
                    term *= -(4 * mpf(nu) ** 2 - (2 * j - 1) ** 2) / (8 * j * K)
                    total += term
                return total

            ratio = series(1) / series(0)
            log_i0 = K - mp.log(2 * mp.pi * K) / 2 + mp.log(series(0))
        rows.append(("von_mises", (mu, k), mpf(mu), 1 - ratio, mp.log(2 * mp.pi) + log_i0 - K * ratio))
    for rate in (1e-6, 0.7, 30.0, 200.0, 2e4):
        R = mpf(rate)
        reach = 30 * mp.sqrt(R) + 60
        masses = poisson_masses(R, max(0, int(R - reach)), int(R + reach))
        rows.append(("poisson", (rate,), R, R, count_entropy(masses)))
    R = mpf(1e9)
    rows.append(("poisson", (1e9,), R, R, smooth_entropy(lambda k: k * mp.log(R) - R - lg(k + 1), 1e9, 31622)))
    for n, p in [(1, 0.3), (12, 0.999), (500, 1e-3), (3000, 0.4)]:
        P = mpf(p)
        rows.append(("binomial", (n, p), n * P, n * P * (1 - P), count_entropy(binomial_masses(n, P))))
    n, P = mpf(10) ** 9, mpf(0.2)
    value = smooth_entropy(lambda k: log_choose(n, k) + k * mp.log(P) + (n - k) * mp.log(1 - P), 2e8, 12649)
    rows.append(("binomial", (10**9, 0.2), n * P, n * P * (1 - P), value))
    for p in (1e-12, 0.3, 1 - 1e-12):
        P = mpf(p)
        entropy = -mp.log(P) - (1 - P) / P * mp.log(1 - P)
        rows.append(("geometric", (p,), (1 - P) / P, (1 - P) / P**2, entropy))
    for m, r, last in [(3.0, 2.0, 600), (50.0, 0.2, 40000), (400.0, 3.0, 20000), (2000.0, 800.0, 8000), (1e-5, 3.0, 60)]:
        M, R = mpf(m), mpf(r)
        masses = negative_binomial_masses(M, R, last)
        rows.append(("negative_binomial", (m, r), M, M + M**2 / R, count_entropy(masses)))
    with open(os.path.join(HERE, "moments.csv"), "w") as out:
        out.write("family,parameters,mean,variance,entropy\n")
        for family, parameters, *values in rows:
            out.write(",".join([family, labelled(family, parameters), *[digits(v) for v in values]]) + "\n")


def divergences():
    psi, lg = mp.psi, mp.loggamma

    def gamma(a, b, c, d):
        return (a - c) * psi(0, a) - lg(a) + lg(c) + c * (mp.log(b) - mp.log(d)) + a * (d - b) / b

    def beta(a, b, c, d):
        log_beta = lambda x, y: lg(x) + lg(y) - lg(x + y)
        value = log_beta(c, d) - log_beta(a, b) + (a - c) * psi(0, a) + (b - d) * psi(0, b)
        return value + (c - a + d - b) * psi(0, a + b)

    def weibull(k, s, l, t):
        value = mp.log(k / s**k) - mp.log(l / t**l) + (k - l) * (mp.log(s) - mp.euler / k)
        return value + (s / t) ** l * mp.gamma(l / k + 1) - 1

    def laplace(m, b, n, c):
        d = abs(m - n)
        return mp.log(c / b) + (b * mp.exp(-d / b) + d) / c - 1

    def uniform(a, b, c, d):
        return mp.log((d - c) / (b - a))

    def pareto(m, a, n, b):
        return mp.log(a / b) + b * mp.log(m / n) + b / a - 1

    def geometric(p, q):
        return mp.log(p / q) + (1 - p) / p * mp.log((1 - p) / (1 - q))

    def binary(p, q):
        return p * mp.log(p / q) + (1 - p) * mp.log((1 - p) / (1 - q))

    def integral(log_p, log_q, points):
        """The mean of ln p - ln q, by quadrature between points that follow both densities."""
        term = lambda x: mp.exp(log_p(x)) * (log_p(x) - log_q(x))
        with mp.workdps(30):
            return mp.quad(term, sorted(set(points)), method="gauss-legendre")

    def around(*scales):
        steps = [mpf(3) ** j / 4 for j in range(-1, 30)]
        points = [m + sign * s * step for m, s in scales for step in steps for sign in (-1, 1)]
        reach = scales[0][1] * mpf(3) ** 29
        return [x for x in points + [m for m, _ in scales] if abs(x - scales[0][0]) <= reach]

    def student_t(m, s, v, n, t, w):
        def density(m, s, v):
            constant = lg((v + 1) / 2) - lg(v / 2) - mp.log(mp.pi * v) / 2 - mp.log(s)
            return lambda x: constant - (v + 1) / 2 * mp.log1p(((x - m) / s) ** 2 / v)

        return integral(density(m, s, v), density(n, t, w), around((m, s), (n, t)))

    def logistic(m, s, n, t):
        density = lambda m, s: lambda x: -abs(x - m) / s - 2 * mp.log1p(mp.exp(-abs(x - m) / s)) - mp.log(s)
        points = [m + s * mpf(k) for k in range(-90, 91, 2)]
        near = [n + sign * t * mpf(2) ** k for k in range(-3, 12) for sign in (-1, 1)] + [n]
        points += [x for x in near if abs(x - m) < 90 * s]
        return integral(density(m, s), density(n, t), points)

    def negative_binomial(m, r, n, t):
        def mass(m, r):
            return lambda k: (lg(k + r) - lg(r) - lg(k + 1) + r * mp.log(r / (r + m)) + k * mp.log(m / (r + m)))

        p, q, total, k = mass(m, r), mass(n, t), mpf(0), 0
        with mp.workdps(30):
            while k < m or p(mpf(k)) > -75:
                total += mp.exp(p(mpf(k))) * (p(mpf(k)) - q(mpf(k)))
                k += 1
        return total

    cases = {
        "student_t": (student_t, [(0.0, 1.0, 4.0, 1.0, 2.0, 7.0), (0.0, 1.0, 5.0, 1e-3, 1.0, 5.0), (3.0, 0.5, 1.5, 3.0, 0.01, 30.0),
                                  (0.0, 1.0, 30.0, 5.0, 0.2, 1.0)]),
        "logistic": (logistic, [(0.0, 1.0, 1.0, 2.0), (0.0, 1.0, 1e-3, 1.0001), (2.0, 0.5, 9.0, 0.05), (0.0, 1.0, 0.0, 20.0)]),
        "negative_binomial": (negative_binomial, [(3.0, 2.0, 5.0, 0.7), (3.0, 2.0, 3.001, 2.0), (50.0, 0.3, 50.0, 30.0), (0.5, 40.0, 4.0, 9.0)]),
        "gamma": (gamma, [(2.0, 3.0, 1.0, 1.0), (1e8, 1e8, 1.0001e8, 1e8), (1e12, 2.0, 1e12, 2.000001),
                          (1e-6, 1.0, 3.0, 2.0), (5.0, 2.0, 5.0, 2.0000001), (50.0, 1.0, 50.0001, 1.0), (3.0, 1e8, 1e6, 1e-8),
                          (1e6, 5.0, 0.1, 3.0), (0.5, 2.0, 0.5000001, 2.0)]),
        "inverse_gamma": (gamma, [(1e8, 3.0, 1.0001e8, 3.0), (2.0, 3.0, 1.0, 1.0)]),
        "beta": (beta, [(2.0, 3.0, 1.0, 1.0), (1e8, 2e8, 1.0001e8, 2e8), (1e-5, 1.0, 2.0, 3.0), (1e12, 1.0, 1e12, 1.0001),
                        (50.0, 60.0, 50.0001, 60.0), (0.3, 0.4, 0.3000001, 0.4), (1e6, 1e6, 3.0, 4.0), (3.0, 4.0, 1e6, 1e6)]),
        "weibull": (weibull, [(2.0, 3.0, 1.0, 1.0), (2.0, 3.0, 2.00001, 3.0), (100.0, 1.0, 100.0, 1.000001), (1e6, 1.0, 1e6, 1.0000001),
                              (0.3, 2.0, 0.1, 5.0), (0.5, 2.0, 3.0, 2.0), (500.0, 2.0, 500.01, 2.0), (1.5, 1e-5, 1.5000001, 1e-5)]),
        "laplace": (laplace, [(0.0, 1.0, 1.0, 2.0), (0.0, 1.0, 1e-7, 1.0), (0.0, 1.0, 1e-3, 1.0000001), (3.0, 1e-4, 3.5, 1e-4), (0.0, 1e8, 1.0, 1e8)]),
        "uniform": (uniform, [(0.0, 1.0, -1.0, 3.0), (0.0, 1.0, 0.0, 1.0000001), (-1e300, 1e300, -1.5e300, 1e300)]),
        "pareto": (pareto, [(2.0, 3.0, 1.0, 2.0), (2.0, 3.0, 2.0, 3.0000001), (1.0, 1e6, 0.9999999, 1e6)]),
        "geometric": (geometric, [(0.3, 0.5), (1e-9, 1.001e-9), (0.999999, 0.99999), (1e-3, 0.9)]),
        "binomial": (lambda n, p, m, q: n * binary(p, q), [(100, 0.3, 100, 0.3000001), (10**9, 1e-9, 10**9, 2e-9), (1000, 0.99999, 1000, 0.9999)]),
    }
    mp.dps = 60
    with open(os.path.join(HERE, "divergences.csv"), "w") as out:
        out.write("family,p,q,divergence\n")
        for family, (function, pairs) in cases.items():
            for pair in pairs:
                half = len(pair) // 2
                value = function(*[mpf(v) for v in pair])
                p, q = (" ".join(repr(v) for v in part) for part in (pair[:half], pair[half:]))
                out.write(",".join([family, p, q, digits(value)]) + "\n")


if __name__ == "__main__":
    divergences()
    mp.dps = 40
    moments()
    write_tails()
