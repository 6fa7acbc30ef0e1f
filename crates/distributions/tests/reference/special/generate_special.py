"""Writes the reference tables of this folder: inputs are the doubles exactly as used, values have
25 significant digits from 60-digit (or wider) arithmetic.

    python3 generate_special.py [function ...]

Needs mpmath 1.3. The tests read the committed tables and never run this script.
"""
import os
import random
import sys

from mpmath import mp, mpf

mp.dps = 60
HERE = os.path.dirname(os.path.abspath(__file__))
INF = float("inf")


def log_grid(low, high, count, rng):
    """Doubles spread evenly in the logarithm, with jitter so that they are not round."""
    import math
    a, b = math.log(low), math.log(high)
    return [math.exp(a + (b - a) * (i + rng.random()) / count) for i in range(count)]


def write(name, columns, rows, function):
    with open(os.path.join(HERE, name + ".csv"), "w") as out:
        out.write(",".join(columns) + ",value\n")
        for row in rows:
            row = row if isinstance(row, tuple) else (row,)
            value = function(*[mpf(v) for v in row])
            if value is None:
                continue
            text = mp.nstr(mp.re(value), 25, min_fixed=0, max_fixed=0)
            out.write(",".join(repr(float(v)) for v in row) + "," + text + "\n")


def near(x, rng, spread=(1e-15, 1e-12, 1e-8, 1e-5, 1e-3, 1e-2)):
    """x, its neighbours, and points at small relative distances either side."""
    import math
    out = [x, math.nextafter(x, INF), math.nextafter(x, -INF)]
    for s in spread:
        out += [x * (1 + s * rng.random()), x * (1 - s * rng.random())]
    return out


ROOT = 1.4616321449683623


def positive(rng):
    return (log_grid(1e-300, 1e-20, 20, rng) + log_grid(1e-20, 0.25, 60, rng)
            + log_grid(0.25, 30, 200, rng) + log_grid(30, 1e6, 60, rng) + log_grid(1e6, 1e18, 40, rng)
            + log_grid(1e18, 1e300, 15, rng)
            + [0.25, 0.5, 1.0, 2.0, 3.0, 8.0, 10.0, 12.0, 15.0, 1e15]
            + near(1.0, rng) + near(2.0, rng) + near(ROOT, rng) + near(3.0, rng) + near(12.0, rng))


def ln_gamma_tables(rng):
    xs = positive(rng)
    wide(lambda: write("ln_gamma", ["x"], xs, mp.loggamma), 80)
    write("ln_gamma_1p", ["x"], log_grid(1e-300, 1, 80, rng) + [-v for v in log_grid(1e-300, 0.5, 60, rng)]
          + near(1.0, rng), lambda x: high(lambda: mp.loggamma(1 + x), 400))
    write("stirling_error", ["x"], xs, stirling)


def wide(action, dps):
    with mp.workdps(dps):
        return action()


high = wide


def stirling(x):
    if x > 1e12:                                   # the series, exact to 60 digits here
        return mp.fsum(mp.bernoulli(2 * k) / (2 * k * (2 * k - 1) * x ** (2 * k - 1)) for k in range(1, 8))
    return wide(lambda: mp.loggamma(x + 1) - (x + mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2, 100)


def digamma_tables(rng):
    xs = positive(rng)
    write("digamma", ["x"], xs, mp.digamma)
    write("trigamma", ["x"], [x for x in xs if x > 1e-150], lambda x: mp.psi(1, x))
    write("tetragamma", ["x"], [x for x in xs if 1e-100 < x < 1e150], lambda x: mp.psi(2, x))
    write("ln_minus_digamma", ["x"], xs, gap)
    write("trigamma_minus_reciprocal", ["x"], [x for x in xs if 1e-150 < x < 1e150], gap1)
    ys = ([-v for v in log_grid(1e-6, 1e300, 120, rng)] + log_grid(1e-6, 709, 120, rng) + near(-2.22, rng)
          + [-0.5772156649015329, 0.0, 36.0, 35.9, 36.1, -1e17])
    write("inverse_digamma", ["y"], ys, inverse_digamma)


def gap(x):
    if x > 1e12:
        return 1 / (2 * x) + mp.fsum(mp.bernoulli(2 * k) / (2 * k * x ** (2 * k)) for k in range(1, 8))
    return wide(lambda: mp.log(x) - mp.digamma(x), 100)


def gap1(x):
    if x > 1e12:
        return 1 / (2 * x * x) + mp.fsum(mp.bernoulli(2 * k) / x ** (2 * k + 1) for k in range(1, 8))
    return wide(lambda: mp.psi(1, x) - 1 / x, 100)


def inverse_digamma(y):
    if y < -1e30:
        return -1 / y                              # next term is relative 1e-30
    x = mp.exp(y) + mpf(1) / 2 if y > -2 else -1 / (y + mp.euler)
    for _ in range(200):
        step = (mp.digamma(x) - y) / mp.psi(1, x)
        x = x - step if step < x else x / 2
        if abs(step) < mpf(10) ** -45 * x:
            return x
    raise RuntimeError(f"inverse_digamma({y})")


def beta_tables(rng):
    rows = []
    for _ in range(400):
        rows.append((10 ** rng.uniform(-10, 12), 10 ** rng.uniform(-10, 12)))
    for _ in range(150):
        rows.append((10 ** rng.uniform(-2, 2), 10 ** rng.uniform(-2, 2)))
    for a in (1e-300, 1e-20, 0.5, 7.999, 8.0, 1e5, 1e15):
        for b in (1e-200, 1e-8, 0.5, 1.0, 8.0, 30.0, 1e10, 1e15):
            rows.append((a, b))
    write("ln_beta", ["a", "b"], rows,
          lambda a, b: wide(lambda: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b), 400))
    rows = []
    for n in (1, 2, 5, 20, 61, 62, 67, 68, 100, 170, 1000, 123457, 10 ** 7 + 9, 10 ** 12, 2 ** 53 - 1):
        for share in (0.0, 1e-6, 1e-3, 0.02, 0.1, 0.37, 0.5, 0.9, 1.0):
            rows.append((n, int(n * share)))
        rows += [(n, k) for k in (1, 2, 3, 10, 30, 31, 50) if k <= n]
    write("ln_binomial", ["n", "k"], sorted(set(rows)),
          lambda n, k: wide(lambda: mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1), 80))
    write("ln_factorial", ["n"], list(range(2, 200, 3)) + [20, 21, 22, 10 ** 4, 10 ** 6 + 3, 10 ** 9, 2 ** 53 - 1],
          lambda n: mp.loggamma(n + 1))


def deviance_tables(rng):
    rows = []
    for _ in range(200):
        rows.append((10 ** rng.uniform(-10, 15), 10 ** rng.uniform(-10, 15)))
    for _ in range(400):
        m = 10 ** rng.uniform(-5, 15)
        x = m * (1 + rng.choice((-1, 1)) * 10 ** rng.uniform(-15, -0.05))
        rows.append((x, m))
    for r in (0.5, 0.999999, 1.000001, 2.0):
        rows += [(r * v, v) for v in (1e-300, 1e-3, 1.0, 7.0, 1e8, 1e300)]
    rows += [(1e-310, 1.0), (1.0, 1e-310), (1e300, 1e-300), (1e-300, 1e300), (5.0, 5.000000000000001)]
    write("deviance", ["x", "m"], rows, lambda x, m: wide(lambda: x * mp.log(x / m) + m - x, 80))
    xs = [s * v for v in log_grid(1e-300, 0.999999, 150, rng) for s in (-1, 1)] + log_grid(1, 1e300, 40, rng)
    xs += near(-0.5, rng) + near(1.0, rng)
    write("ln_1p_minus_x", ["x"], xs, lambda x: wide(lambda: mp.log(1 + x) - x, 700))


def log_exp_tables(rng):
    xs = [s * v for v in log_grid(1e-20, 740, 120, rng) for s in (-1, 1)] + near(-37.0, rng) + near(18.0, rng) + near(33.3, rng)
    write("ln_1p_exp", ["x"], xs, lambda x: wide(lambda: mp.log(1 + mp.exp(x)), 400))
    xs = [-v for v in log_grid(1e-300, 740, 150, rng)] + near(-0.6931471805599453, rng)
    write("ln_1m_exp", ["x"], xs, lambda x: wide(lambda: mp.log(1 - mp.exp(x)), 700))
    ps = log_grid(1e-300, 0.5, 80, rng) + near(0.5, rng) + near(0.25, rng) + near(0.75, rng)
    ps += [1 - v for v in log_grid(1e-16, 0.5, 40, rng)]
    write("logit", ["p"], ps, lambda p: wide(lambda: mp.log(p / (1 - p)), 400) if p != 0.5 else mpf(0))
    xs = [s * v for v in log_grid(1e-20, 700, 100, rng) for s in (-1, 1)]
    write("logistic", ["x"], xs, lambda x: wide(lambda: 1 / (1 + mp.exp(-x)), 80))


def error_tables(rng):
    xs = [s * v for v in log_grid(1e-300, 6, 120, rng) for s in (-1, 1)] + log_grid(0.1, 26.5, 80, rng)
    write("erf", ["x"], xs, mp.erf)
    write("erfc", ["x"], xs, mp.erfc)
    xs = log_grid(1e-300, 1e300, 60, rng) + log_grid(1e-3, 100, 150, rng) + [-v for v in log_grid(1e-10, 26, 80, rng)]
    xs += near(1.5, rng) + near(4.5, rng)
    write("erfcx", ["x"], xs, erfcx)
    xs = [s * v for v in log_grid(1e-20, 8, 100, rng) for s in (-1, 1)] + [-v for v in log_grid(1, 37.5, 150, rng)]
    write("normal_cdf", ["x"], xs, lambda x: wide(lambda: mp.erfc(-x / mp.sqrt(2)) / 2, 80))
    xs += [-v for v in log_grid(30, 1e150, 60, rng)] + log_grid(5, 37, 30, rng)
    write("normal_ln_cdf", ["x"], xs, normal_ln_cdf)
    ps = log_grid(1e-300, 0.5, 250, rng) + log_grid(5e-324, 1e-305, 5, rng) + log_grid(0.01, 0.999, 100, rng)
    ps += [1 - v for v in log_grid(1e-16, 0.5, 60, rng)] + near(0.5, rng) + near(0.075, rng) + near(0.925, rng)
    ps += near(1.3887943864964021e-11, rng)        # exp(-25), where the tail fits meet
    write("normal_quantile", ["p"], ps, normal_quantile)


def erfcx(x):
    if x > 1e8:
        t = 1 / (x * x)
        return (1 - t / 2 + 3 * t * t / 4 - 15 * t ** 3 / 8 + 105 * t ** 4 / 16) / (x * mp.sqrt(mp.pi))
    return wide(lambda: mp.exp(x * x) * mp.erfc(x), 80)


def normal_ln_cdf(x):
    if x < -1e8:
        return -x * x / 2 + mp.log(erfcx(-x / mp.sqrt(2)) / 2)
    if x > 5:
        return wide(lambda: mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2), 60)
    return wide(lambda: mp.log(mp.erfc(-x / mp.sqrt(2)) / 2), 60)


def normal_quantile(p):
    if p == 0.5:
        return mpf(0)
    tail = min(p, 1 - p)
    x = -mp.sqrt(-2 * mp.log(tail)) if tail < 0.1 else mpf(0)
    for _ in range(200):
        value = mp.erfc(-x / mp.sqrt(2)) / 2
        step = mp.log(value / tail) * value * mp.sqrt(2 * mp.pi) * mp.exp(x * x / 2)
        x -= step
        if abs(step) < mpf(10) ** -45 * abs(x):
            return x if p < 0.5 else -x
    raise RuntimeError(f"normal_quantile({p})")


def ln_bessel(nu, x):
    extra = max(0, int(-2 * mp.log10(x))) if nu == 0 else 0    # ln I0 ~ x^2/4
    return wide(lambda: mp.log(bessel(nu, x)), 60 + extra)


def bessel(nu, x):
    """I_nu(x) by its power series (positive terms): exact at any size, slow for large x; there
    Hankel's expansion, whose terms here fall below 1e-50."""
    if x > 3000 and nu * nu < x:
        term, total, k = mpf(1), mpf(1), 1
        while abs(term) > mpf(10) ** (5 - mp.dps) * abs(total):
            term *= -(4 * nu * nu - (2 * k - 1) ** 2) / (8 * k * x)
            total += term
            k += 1
        return mp.exp(x) / mp.sqrt(2 * mp.pi * x) * total
    w = x * x / 4
    term = total = mpf(1)
    k = 1
    while True:
        term *= w / (k * (nu + k))
        total += term
        if term < mpf(10) ** (5 - mp.dps) * total:
            break
        k += 1
    return total * mp.exp(nu * mp.log(x / 2) - mp.loggamma(nu + 1))


def ratio(nu, x):
    return bessel(nu + 1, x) / bessel(nu, x)


def ratio_derivative(nu, x):
    def at():
        a = ratio(nu, x)
        return 1 - a * a - (2 * nu + 1) * a / x
    return wide(at, 90)


def inverse_ratio(nu, r):
    def solve():
        x = r * (2 * nu + 2 - r * r) / (1 - r * r)
        for _ in range(60):
            a = ratio(nu, x)
            step = (a - r) / (1 - a * a - (2 * nu + 1) * a / x)
            x = x - step if step < x else x / 2
            if abs(step) < mpf(10) ** -35 * x:
                return x
        raise RuntimeError(f"inverse_ratio({nu}, {r})")
    return wide(solve, 80)


def bessel_tables(rng):
    rows = [(0.0, x) for x in log_grid(1e-150, 1e-3, 12, rng) + log_grid(1e-3, 300, 100, rng)
            + log_grid(300, 1e15, 25, rng)]
    rows += [(0.0, x) for x in near(20.0, rng)]
    for nu in (0.5, 1.0, 2.5, 7.0, 13.3, 19.0, 19.99, 20.0, 24.5, 50.0, 127.5, 511.0, 1023.5):
        rows += [(nu, x) for x in log_grid(1e-6, 2500, 22, rng)]
        if nu < 50:
            rows += [(nu, x) for x in log_grid(3001, 1e8, 6, rng)]
            rows.append((nu, 20.0 + nu * nu / 2))
    rows += [(nu, x) for nu in (1e4, 1e6, 1e8) for x in log_grid(1e-3, 2000, 6, rng)]
    rows += [(0.5, 1e-300), (1.0, 1e-310), (300.0, 1e5 / 3), (150.0, 1e5)]
    write("ln_bessel_i", ["nu", "x"], rows, ln_bessel)
    write("bessel_ratio", ["nu", "x"], rows, lambda nu, x: wide(lambda: ratio(nu, x), 60))
    write("bessel_ratio_complement", ["nu", "x"], rows, lambda nu, x: wide(lambda: 1 - ratio(nu, x), 60))
    write("bessel_ratio_derivative", ["nu", "x"], [r for r in rows if r[1] > 1e-20], ratio_derivative)
    rows = []
    for nu in (0.0, 0.5, 1.0, 4.0, 31.0):
        rs = log_grid(1e-200, 1e-3, 8, rng) + [rng.uniform(0, 1) for _ in range(40 if nu == 0 else 12)]
        rs += [1 - v for v in log_grid(1e-4 if nu > 5 else 1e-15, 0.1, 12, rng)]
        rows += [(nu, r) for r in rs]
    rows.append((0.0, 1 - 2.0 ** -53))
    write("inverse_bessel_ratio", ["nu", "r"], rows, inverse_ratio)


def lower_gamma_series(a, x):
    term = total = mpf(1)
    n = 0
    while term > mpf(10) ** (3 - mp.dps) * total:
        n += 1
        term *= x / (a + n)
        total += term
    return total * mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1))


def upper_gamma_fraction(a, x):
    b = x + 1 - a
    c, d = mpf(10) ** 300, 1 / b
    h, n = d, 0
    while True:
        n += 1
        numerator = n * (a - n)
        b += 2
        d = 1 / (numerator * d + b)
        c = b + numerator / c
        h *= c * d
        if abs(c * d - 1) < mpf(10) ** (5 - mp.dps):
            return h * mp.exp(a * mp.log(x) - x - mp.loggamma(a))


def gamma_pq(a, x):
    def work():
        if x < a + 30:
            p = lower_gamma_series(a, x)
            return p, 1 - p
        q = upper_gamma_fraction(a, x)
        return 1 - q, q
    return wide(work, 90 if a < 1e5 else 50)


def beta_pair(a, b, x):
    def lower(a, b, x):
        term = total = mpf(1)
        n = 0
        while term > mpf(10) ** (3 - mp.dps) * total:
            term *= (a + b + n) * x / (a + 1 + n)
            n += 1
            total += term
        front = a * mp.log(x) + b * mp.log1p(-x) + mp.loggamma(a + b) - mp.loggamma(a + 1) - mp.loggamma(b)
        return total * mp.exp(front)

    def work():
        # The series has ratio x in the end: away from x near 1 unless the parameters are large.
        below = x < 0.1 if a < 30 else x * (a + b) <= a
        if not (x > 0.9 and b < 30) and (below or x * (a + b) <= a or x < 0.5 and b < 1):
            p = lower(a, b, x)
            return p, 1 - p
        q = lower(b, a, 1 - x)
        return 1 - q, q
    # One minus the series loses the digits of a small result.
    return wide(work, 140)


def save_pairs(names, columns, rows, pair):
    values = {tuple(row): pair(*[mpf(v) for v in row]) for row in rows}
    for index, name in enumerate(names):
        kept = [row for row in rows if values[tuple(row)][index] > mpf(10) ** -300]
        write(name, columns, kept, lambda *row: values[tuple(float(v) for v in row)][index])


def incomplete_gamma_tables(rng):
    rows = []
    for _ in range(260):
        a = 10 ** rng.uniform(-8, 5)
        rows.append((a, max(a + rng.uniform(-36, 36) * a ** 0.5, a * 10 ** rng.uniform(-3, 0.5))))
    for _ in range(120):
        rows.append((10 ** rng.uniform(-10, 1.7), 10 ** rng.uniform(-6, 2.5)))
    for a in (1e6, 1e7, 1e8):
        rows += [(a, a + z * a ** 0.5) for z in (-35.5, -10.0, -1.0, -1e-6, 1e-6, 2.0, 12.0, 36.0)]
    for a in (39.999, 40.0, 60.0, 300.0):
        rows += [(a, a * v) for v in (0.5, 0.599999, 0.600001, 0.9, 1.0, 1.000001, 1.2, 1.399999, 1.400001, 1.6)]
    rows += [(1.0, 1.0), (0.5, 0.999), (0.999, 0.5), (1e-10, 1e-300), (0.5, 1e-200), (3.0, 1e-99), (200.0, 1e-1)]
    save_pairs(["gamma_p", "gamma_q"], ["a", "x"], rows, gamma_pq)


def incomplete_beta_tables(rng):
    rows = []
    for _ in range(260):
        a, b = 10 ** rng.uniform(-4, 4), 10 ** rng.uniform(-4, 4)
        n = a + b
        spread = (a * b / n / n / n) ** 0.5
        x = a / n + rng.uniform(-36, 36) * spread
        rows.append((a, b, x if 0 < x < 1 else rng.random()))
    for _ in range(160):
        rows.append((10 ** rng.uniform(-9, 1.7), 10 ** rng.uniform(-9, 3), 10 ** rng.uniform(-6, -0.001)))
    for a, b in ((1e6, 1e6), (1e8, 5.0), (0.5, 1e8), (20.0, 1e7)):
        n = a + b
        spread = (a * b / n / n / n) ** 0.5
        rows += [(a, b, a / n + z * spread) for z in (-30.0, -5.0, -0.5, 0.5, 5.0, 30.0) if 0 < a / n + z * spread < 1]
    rows += [(1e8, 1e8, 0.49995), (3e7, 2e8, 0.1305)]
    rows += [(1.0, 1.0, 0.3), (2.0, 3.0, 0.5), (0.5, 0.5, 0.5), (5.0, 0.1, 0.9999), (1e-10, 3.0, 0.01), (2.5, 7.0, 1e-90)]
    save_pairs(["beta_i", "beta_i_complement"], ["a", "b", "x"], rows, beta_pair)


def write_split(name, xs, function):
    """Values as a double and the rest, so that errors are measured to a small part of an ulp."""
    with open(os.path.join(HERE, name + ".csv"), "w") as out:
        out.write("x,value,rest\n")
        for x in xs:
            value = function(mpf(x))
            head = float(value)
            out.write(f"{x!r},{head!r},{mp.nstr(value - mpf(head), 6)}\n")


def vector_tables(rng):
    xs = [s * v for v in log_grid(1e-18, 700, 400, rng) for s in (-1, 1)]
    xs += [rng.uniform(-745.2, -708) for _ in range(200)] + [rng.uniform(-708, 709.78) for _ in range(1200)]
    xs += [rng.uniform(-1, 1) for _ in range(400)] + [709.782712893384, -745.1332191019411, -708.3964185322641]
    write_split("vector_exp", xs, mp.exp)
    xs = log_grid(5e-324, 2.2e-308, 150, rng) + log_grid(2.3e-308, 1.79e308, 800, rng)
    xs += [rng.uniform(0.5, 2) for _ in range(800)] + near(1.0, rng) + near(0.5 ** 0.5, rng) + near(2.0 ** 0.5, rng)
    xs += [1 + s * v for v in log_grid(1e-15, 0.3, 200, rng) for s in (-1, 1)] + [5e-324, 1.7976931348623157e308]
    write_split("vector_ln", [x for x in xs if x != 1], mp.log)


def exponential_integral_tables(rng):
    xs = log_grid(1e-300, 1e-3, 40, rng) + log_grid(1e-3, 30, 120, rng) + log_grid(30, 1e300, 40, rng)
    xs += near(1.0, rng)
    write("scaled_exponential_integral", ["x"], xs, scaled_exponential_integral)


def scaled_exponential_integral(x):
    if x < 1000:
        return wide(lambda: mp.exp(x) * mp.e1(x), 600)
    return mp.nsum(lambda k: (-1) ** int(k) * mp.factorial(k) / x ** (k + 1), [0, 30])


TABLES = {
    "exponential_integral": exponential_integral_tables,
    "gamma": ln_gamma_tables, "digamma": digamma_tables, "beta": beta_tables, "deviance": deviance_tables,
    "log_exp": log_exp_tables, "error": error_tables, "bessel": bessel_tables,
    "vector": vector_tables,
    "incomplete_gamma": incomplete_gamma_tables, "incomplete_beta": incomplete_beta_tables,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        TABLES[name](random.Random("mixture " + name))
