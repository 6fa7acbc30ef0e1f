"""Makes the rational approximations used in src/special: near-minimax fits by interpolation
at Chebyshev nodes in 60-digit arithmetic. Prints Rust constants and the largest relative
error of each fit with its coefficients rounded to double.

    python3 fit_coefficients.py
"""
from mpmath import mp, mpf, cos, pi, matrix, lu_solve

mp.dps = 60


def nodes(low, high, count):
    low, high = mpf(low), mpf(high)
    return [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * count))
            for i in range(count)]


def horner(coefficients, x):
    value = mpf(0)
    for c in reversed(coefficients):
        value = value * x + c
    return value


def fit(name, f, low, high, p, q):
    """f(x) ~ P(x)/Q(x), degrees p and q, Q(0) = 1."""
    count = p + q + 1
    xs = nodes(low, high, count)
    a = matrix(count, count)
    b = matrix(count, 1)
    for i, x in enumerate(xs):
        fx = f(x)
        for j in range(p + 1):
            a[i, j] = x ** j / fx
        for j in range(1, q + 1):
            a[i, p + j] = -x ** j
        b[i] = 1
    c = lu_solve(a, b)
    num = [mpf(float(c[j])) for j in range(p + 1)]
    den = [mpf(1)] + [mpf(float(c[p + j])) for j in range(1, q + 1)]
    exact_num = [c[j] for j in range(p + 1)]
    exact_den = [mpf(1)] + [c[p + j] for j in range(1, q + 1)]
    worst = worst_exact = condition = mpf(0)
    for x in nodes(low, high, 150) + [mpf(low), mpf(high)]:
        fx = f(x)
        worst = max(worst, abs(horner(num, x) / horner(den, x) / fx - 1))
        worst_exact = max(worst_exact, abs(horner(exact_num, x) / horner(exact_den, x) / fx - 1))
        for poly in (num, den):
            condition = max(condition, horner([abs(v) for v in poly], abs(x)) / abs(horner(poly, x)))
    print(f"// {name}: [{mp.nstr(mpf(low), 6)}, {mp.nstr(mpf(high), 6)}], fit {mp.nstr(worst_exact, 2)}, "
          f"rounded coefficients {mp.nstr(worst, 2)}, condition {mp.nstr(condition, 3)}")
    for label, poly in (("NUMERATOR", num), ("DENOMINATOR", den)):
        if len(poly) == 1:
            continue
        print(f"const {name}_{label}: [f64; {len(poly)}] = [")
        for v in poly:
            print(f"    {float(v)!r},")
        print("];")


def digamma_fit():
    root = mp.findroot(mp.digamma, mpf("1.4616"))
    hi = mpf(float(root))
    lo = mpf(float(root - hi))
    print(f"const ROOT_HIGH: f64 = {float(hi)!r};\nconst ROOT_LOW: f64 = {float(lo)!r};")

    def f(s):
        x = 1 + s
        return mp.psi(1, root) if abs(x - root) < mpf(10) ** -25 else mp.digamma(x) / (x - root)
    fit("DIGAMMA", f, 0, 1, 6, 6)


def gap_fits():
    f = lambda x: x * (mp.log(x) - mp.digamma(x))
    fit("GAP_SMALL", f, 1, 3, 8, 8)
    fit("GAP_MIDDLE", f, 3, 12, 7, 7)


def stirling_fits():
    f = lambda x: x * (mp.loggamma(x + 1) - (x + mpf(1) / 2) * mp.log(x) + x - mp.log(2 * pi) / 2)
    fit("STIRLING_TINY", f, 0.25, 1, 9, 9)
    fit("STIRLING_SMALL", f, 1, 3, 8, 8)
    fit("STIRLING_MIDDLE", f, 3, 12, 7, 7)


def ln_gamma_1p_fit():
    def f(s):                           # s = a + 1/2
        a = s - mpf(1) / 2
        if abs(a) < mpf(10) ** -30:
            return mp.euler
        if abs(a - 1) < mpf(10) ** -30:
            return 1 - mp.euler
        return mp.loggamma(1 + a) / (a * (a - 1))
    fit("LN_GAMMA_1P", f, 0, 2, 10, 10)


def erfcx_fits():
    f = lambda x: mp.exp(x * x) * mp.erfc(x)
    fit("ERFCX_SMALL", f, 0, 1.5, 7, 8)
    fit("ERFCX_MIDDLE", f, 1.5, 4.5, 7, 8)
    g = lambda t: 1 / mp.sqrt(pi) if t == 0 else f(1 / mp.sqrt(t)) / mp.sqrt(t)
    fit("ERFCX_LARGE", g, 0, 1 / 4.5 ** 2, 6, 6)


def quantile(ln_p):
    """x with ln Phi(x) = ln_p."""
    x = -mp.sqrt(-2 * ln_p) if ln_p < -1 else mpf(0)
    for _ in range(100):
        phi = mp.erfc(-x / mp.sqrt(2)) / 2
        density = mp.exp(-x * x / 2) / mp.sqrt(2 * pi)
        step = (mp.log(phi) - ln_p) * phi / density
        x -= step
        if abs(step) < mpf(10) ** -50 * (1 + abs(x)):
            return x
    raise RuntimeError("no convergence")


def quantile_fits():
    def centre(s):                      # s = 0.180625 - q^2, x = q R(s)
        t = mpf("0.180625") - s
        if abs(t) < mpf(10) ** -30:
            return mp.sqrt(2 * pi)
        q = mp.sqrt(t)
        return -quantile(mp.log(mpf(1) / 2 - q)) / q
    fit("QUANTILE_CENTRE", centre, 0, mpf("0.180625"), 9, 9)
    tail = lambda r: -quantile(-r * r)  # r = sqrt(-ln p), x = -R(r)
    fit("QUANTILE_MIDDLE", lambda s: tail(s + mpf(1.6)), float(mp.sqrt(-mp.log(mpf("0.0751")))) - 1.6, 3.4, 9, 9)
    fit("QUANTILE_TAIL", lambda s: tail(s + 5), 0, 22.4, 10, 10)


def ln_1p_fit():
    def f(w):                           # w = s^2: (atanh(s)/s - 1)/s^2
        s = mp.sqrt(w)
        return mpf(1) / 3 + w / 5 if s < mpf(10) ** -12 else (mp.atanh(s) / s - 1) / w
    fit("ATANH_REMAINDER", f, 0, mpf(1) / 9 + mpf(10) ** -6, 4, 4)


def temme_coefficients(terms=10, powers=19, reach=0.47, smallest=40):
    """Power series in eta of Temme's C_k (DLMF 8.12.10): C_0 = 1/mu - 1/eta and
    C_k = C_{k-1}'/eta + (-1)^k g_k/mu, with mu - ln(1 + mu) = eta^2/2 and g_k Stirling's."""
    from fractions import Fraction
    order = powers + 2 * terms + 4
    # eta (1 + mu) = mu mu': mu = sum m_n eta^n with m_1 = 1.
    m = [Fraction(0), Fraction(1)]
    for n in range(2, order):
        m.append(Fraction(0))
        known = sum((m[i] * (n + 1 - i) * m[n + 1 - i] for i in range(2, n)), Fraction(0))
        m[n] = (m[n - 1] - known) / (n + 1)
    inverse = [Fraction(1)]                     # eta/mu
    for n in range(1, order - 1):
        inverse.append(-sum(m[j + 1] * inverse[n - j] for j in range(1, n + 1)))
    # g_k from exp of the Stirling series.
    series = [Fraction(0)] * (terms + 1)
    for k in range(1, terms + 1):
        if k % 2:
            j = (k + 1) // 2
            p, q = mp.bernfrac(2 * j)
            series[k] = Fraction(int(p), int(q)) / (2 * j * (2 * j - 1))
    g = [Fraction(1)]
    for n in range(1, terms + 1):
        g.append(sum(k * series[k] * g[n - k] for k in range(1, n + 1)) / n)
    c = [inverse[n + 1] for n in range(order - 2)]
    rows = [c]
    for k in range(1, terms):
        # (C' + (-1)^k g_k eta/mu)/eta, whose constant term is 0.
        numerator = [(n + 1) * c[n + 1] + (-1) ** k * g[k] * inverse[n] for n in range(len(c) - 1)]
        assert numerator[0] == 0
        c = numerator[1:]
        rows.append(c)
    print(f"const TEMME: [[f64; {powers}]; {terms}] = [")
    for k, row in enumerate(rows):
        kept = [v if abs(float(v)) * reach ** n * float(smallest) ** -k > 1e-19 else 0 for n, v in enumerate(row[:powers])]
        print("    [" + ", ".join(repr(float(v)) for v in kept) + "],")
    print("];")


def gauss_legendre(count=8):
    """Nodes and weights on [0, 1]."""
    nodes = [mp.findroot(lambda x: mp.legendre(count, x), cos(pi * (4 * i + 3) / (4 * count + 2)))
             for i in range(count // 2)]
    nodes += [-x for x in reversed(nodes)]
    print(f"const GAUSS_LEGENDRE: [(f64, f64); {count}] = [")
    for x in nodes:
        slope = mp.diff(lambda y: mp.legendre(count, y), x)
        print(f"    ({float((1 + x) / 2)!r}, {float(1 / ((1 - x * x) * slope ** 2))!r}),")
    print("];")


if __name__ == "__main__":
    for make in (digamma_fit, gap_fits, stirling_fits, ln_gamma_1p_fit, erfcx_fits, quantile_fits, ln_1p_fit,
                 temme_coefficients, gauss_legendre):
        make()
