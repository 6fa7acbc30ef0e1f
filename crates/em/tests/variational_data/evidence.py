#!/usr/bin/env python3
"""Log evidence ln ∫ p(θ) Π p(x_i | θ)^w_i dθ of the data in mod.rs: by quadrature over the parameter where
it is one number, else from the ratio of the prior's normalising constants (Murphy 2007, section 3). Prints
the constants of mod.rs. Needs mpmath."""

from mpmath import mp, mpf, quad, log, exp, gamma, loggamma, beta, binomial, factorial, pi, inf

mp.dps = 40
W = [mpf(w) for w in ("1", "0.5", "2", "1.25", "1")]
COUNTS = [0, 3, 1, 4, 2]
REALS = [mpf(x) for x in ("0.5", "2.25", "1", "0.125", "3")]
BITS = [1, 0, 1, 1, 0]
LEVELS = [0, 2, 2, 1, 0]
ROWS = [(2, 1, 0), (0, 3, 1), (1, 1, 1), (4, 0, 2), (0, 0, 3)]


def gamma_density(x, a, b):
    return b**a * x ** (a - 1) * exp(-b * x) / gamma(a)


def beta_density(p, a, b):
    return p ** (a - 1) * (1 - p) ** (b - 1) / beta(a, b)


def product(values):
    result = mpf(1)
    for value, weight in zip(values, W):
        result *= value**weight
    return result


A, B = mpf("1.5"), mpf("0.75")
positive, unit = [0, 0.25, 0.5, 1, 2, 4, 8, 16, inf], [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1]


def over_rate(density, xs):
    return log(quad(lambda r: gamma_density(r, A, B) * product([density(x, r) for x in xs]), positive))


def over_probability(mass, xs):
    return log(quad(lambda p: beta_density(p, A, B) * product([mass(x, p) for x in xs]), unit))


def log_dirichlet(alpha):
    return sum(loggamma(a) for a in alpha) - loggamma(sum(alpha))


ALPHA = [mpf("0.5"), mpf(1), mpf(2)]
SHAPE = mpf("2.5")


def categorical():
    counts = [sum(w for x, w in zip(LEVELS, W) if x == j) for j in range(3)]
    return log_dirichlet([a + n for a, n in zip(ALPHA, counts)]) - log_dirichlet(ALPHA)


def multinomial():
    counts = [sum(w * row[j] for row, w in zip(ROWS, W)) for j in range(3)]
    coefficients = mpf(0)
    for row, w in zip(ROWS, W):
        coefficients += w * (log(factorial(sum(row))) - sum(log(factorial(n)) for n in row))
    return coefficients + log_dirichlet([a + n for a, n in zip(ALPHA, counts)]) - log_dirichlet(ALPHA)


def normal():
    m, kappa, a, b = mpf("-0.5"), mpf("0.25"), mpf("1.5"), mpf("0.75")
    n = sum(W)
    mean = sum(w * x for w, x in zip(W, REALS)) / n
    squares = sum(w * (x - mean) ** 2 for w, x in zip(W, REALS))
    rate = b + squares / 2 + kappa * n * (mean - m) ** 2 / (2 * (kappa + n))
    shape = a + n / 2
    return (loggamma(shape) - loggamma(a) + a * log(b) - shape * log(rate)
            + (log(kappa) - log(kappa + n)) / 2 - n / 2 * log(2 * pi))


TABLE = [
    ("POISSON", over_rate(lambda x, r: r**x * exp(-r) / factorial(x), COUNTS)),
    ("EXPONENTIAL", over_rate(lambda x, r: r * exp(-r * x), REALS)),
    ("GAMMA", over_rate(lambda x, r: gamma_density(x, SHAPE, r), REALS)),
    ("BERNOULLI", over_probability(lambda x, p: p if x else 1 - p, BITS)),
    ("BINOMIAL", over_probability(lambda x, p: binomial(6, x) * p**x * (1 - p) ** (6 - x), COUNTS)),
    ("GEOMETRIC", over_probability(lambda x, p: p * (1 - p) ** x, COUNTS)),
    ("CATEGORICAL", categorical()),
    ("MULTINOMIAL", multinomial()),
    ("NORMAL", normal()),
]
for name, value in TABLE:
    print(f"pub const {name}: f64 = {mp.nstr(value, 17)};")
