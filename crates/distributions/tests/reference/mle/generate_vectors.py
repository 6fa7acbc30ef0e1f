"""Weighted maxima of the likelihood at 50 digits, of families over rows of numbers and of compound counts.

    python3 generate_vectors.py > vectors.csv        (needs mpmath; a few seconds)

Columns: family, rows (numbers separated by ":"), weights, parameters, log-likelihood. Parameters:
  dirichlet, dirichlet_multinomial    the concentrations
  von_mises_fisher                    the mean direction, the concentration
  beta_binomial                       alpha, beta (the trials are 12)
  multinomial                         the probabilities
Maxima are roots of the score equations (Newton by findroot, in logarithms of positive parameters), of
multinomials and directions the closed form; the neighbours are checked to be lower.
"""

from mpmath import mp, mpf

mp.dps = 50


def dirichlet(x, a):
    return mp.loggamma(sum(a)) + sum((a_j - 1) * mp.log(x_j) - mp.loggamma(a_j) for x_j, a_j in zip(x, a))


def dirichlet_multinomial(x, a):
    n, s = sum(x), sum(a)
    value = mp.loggamma(s) - mp.loggamma(n + s) + mp.loggamma(n + 1)
    return value + sum(
        mp.loggamma(x_j + a_j) - mp.loggamma(a_j) - mp.loggamma(x_j + 1) for x_j, a_j in zip(x, a)
    )


def beta_binomial(x, a):
    return dirichlet_multinomial([x[0], 12 - x[0]], a)


def multinomial(x, p):
    value = mp.loggamma(sum(x) + 1) - sum(mp.loggamma(x_j + 1) for x_j in x)
    return value + sum(x_j * mp.log(p_j) for x_j, p_j in zip(x, p) if x_j > 0)


def von_mises_fisher(x, parameters):
    *mean, k = parameters
    nu = mpf(len(x)) / 2 - 1
    constant = nu * mp.log(k) - (nu + 1) * mp.log(2 * mp.pi) - mp.log(mp.besseli(nu, k))
    return constant + k * sum(m * x_j for m, x_j in zip(mean, x))


def likelihood(density, rows, weights, parameters):
    return mp.fsum(w * density(x, parameters) for x, w in zip(rows, weights))


def by_newton(density, rows, weights, start):
    f = lambda *t: likelihood(density, rows, weights, [mp.exp(v) for v in t])

    def score(*t):
        with mp.workdps(110):
            step = mpf(10) ** -35
            at = lambda j, sign: [v + sign * step * (i == j) for i, v in enumerate(t)]
            return [(f(*at(j, 1)) - f(*at(j, -1))) / (2 * step) for j in range(len(t))]

    found = mp.findroot(score, [mp.log(v) for v in start], tol=mpf(10) ** -48, verify=False)
    assert all(abs(slope) < mpf(10) ** -25 for slope in score(*found))
    best = f(*found)
    for j in range(len(start)):
        for sign in (-1, 1):
            assert f(*[v + sign * mpf("0.01") * (i == j) for i, v in enumerate(found)]) < best
    return [mp.exp(v) for v in found], best


def direction(rows, weights):
    total = mp.fsum(weights)
    mean = [mp.fsum(w * x[j] for x, w in zip(rows, weights)) / total for j in range(len(rows[0]))]
    length = mp.sqrt(sum(m * m for m in mean))
    nu = mpf(len(mean)) / 2 - 1
    ratio = lambda k: mp.besseli(nu + 1, k) / mp.besseli(nu, k) - length
    start = length * (len(mean) - length**2) / (1 - length**2)
    parameters = [m / length for m in mean] + [mp.findroot(ratio, start)]
    return parameters, likelihood(von_mises_fisher, rows, weights, parameters)


def shares(rows, weights):
    sums = [mp.fsum(w * x[j] for x, w in zip(rows, weights)) for j in range(len(rows[0]))]
    parameters = [s / sum(sums) for s in sums]
    return parameters, likelihood(multinomial, rows, weights, parameters)


SIMPLEX = [(0.2, 0.3, 0.5), (0.125, 0.125, 0.75), (0.25, 0.25, 0.5), (0.6, 0.3, 0.1), (0.05, 0.9, 0.05)]
TIGHT = [(0.25, 0.75), (0.2501, 0.7499), (0.2499, 0.7501), (0.25005, 0.74995)]
WIDE = [(0.4, 0.3, 0.2, 0.1), (1e-6, 0.5, 0.25, 0.249999), (0.7, 1e-4, 0.2, 0.0999), (0.1, 0.2, 0.3, 0.4)]
COUNTS = [(5, 0, 1), (1, 7, 2), (0, 1, 4), (3, 3, 3), (0, 5, 0), (12, 2, 30)]
MANY = [(500, 400, 100), (300, 300, 400), (450, 350, 200), (520, 180, 300)]
SUCCESSES = [(0,), (3,), (1,), (12,), (9,), (4,), (4,), (11,)]
CALM = [(5,), (6,), (4,), (3,), (9,), (6,), (2,), (8,)]
DIRECTIONS = [(0.6, 0.8, 0.0), (0.0, 0.6, 0.8), (1.0, 0.0, 0.0), (0.36, 0.48, 0.8)]
NEAR = [(0.6, 0.8), (0.8, 0.6), (0.28, 0.96), (0.96, 0.28)]
FOUR = [(0.5, 0.5, 0.5, 0.5), (0.5, -0.5, 0.5, 0.5), (0.7, 0.1, 0.7, -0.1), (0.1, 0.7, -0.1, 0.7)]


def weights_of(rows, even):
    return [mpf(1) if even else mpf(w) for w, _ in zip((1.5, 0.5, 2.0, 0.75, 1.0, 3.0, 0.25, 1.25), rows)]


CASES = [
    ("dirichlet", SIMPLEX, lambda r, w: by_newton(dirichlet, r, w, [1.5, 1.8, 2.2])),
    ("dirichlet", TIGHT, lambda r, w: by_newton(dirichlet, r, w, [5e6, 1.5e7])),
    ("dirichlet", WIDE, lambda r, w: by_newton(dirichlet, r, w, [0.4, 0.4, 1.0, 0.9])),
    ("dirichlet_multinomial", COUNTS, lambda r, w: by_newton(dirichlet_multinomial, r, w, [0.7, 0.9, 0.9])),
    ("dirichlet_multinomial", MANY, lambda r, w: by_newton(dirichlet_multinomial, r, w, [8, 6, 5])),
    ("beta_binomial", SUCCESSES, lambda r, w: by_newton(beta_binomial, r, w, [0.6, 0.7])),
    ("beta_binomial", CALM, lambda r, w: by_newton(beta_binomial, r, w, [9, 11])),
    ("multinomial", COUNTS, shares),
    ("multinomial", MANY, shares),
    ("von_mises_fisher", DIRECTIONS, direction),
    ("von_mises_fisher", NEAR, direction),
    ("von_mises_fisher", FOUR, direction),
]


def main():
    print("family,rows,weights,parameters,log_likelihood")
    for family, rows, estimate in CASES:
        for even in (True, False):
            exact = [[mpf(v) for v in row] for row in rows]
            if family in ("dirichlet", "von_mises_fisher"):
                # What is given to a program is rounded, and it divides by the sum, or the length.
                norm = (lambda x: sum(x)) if family == "dirichlet" else (lambda x: mp.sqrt(sum(v * v for v in x)))
                exact = [[v / norm(x) for v in x] for x in exact]
            weights = weights_of(rows, even)
            parameters, value = estimate(exact, weights)
            text = " ".join(":".join(map(repr, row)) for row in rows)
            digits = lambda values: " ".join(mp.nstr(v, 20) for v in values)
            print(",".join([family, text, digits(weights), digits(parameters), mp.nstr(value, 20)]))


main()
