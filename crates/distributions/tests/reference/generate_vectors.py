"""Log-densities of the families over rows of numbers at 50 digits, extremes included.

    python3 generate_vectors.py > log_density_vectors.csv        (needs mpmath; about a minute)

Columns: family, parameters (numbers with spaces between: the vector, then the scalar where there is
one), x (numbers with spaces between), log_density, sensitivity. The numbers given are doubles; rows of
shares are divided by their sum, and directions by their length, before use. sensitivity is
sum_j |theta_j d log_density / d theta_j|, in closed form.
"""

import random

from mpmath import mp, mpf

mp.dps = 50
random.seed(20240917)


def multinomial(x, p):
    value = mp.loggamma(sum(x) + 1) - sum(mp.loggamma(k + 1) for k in x)
    value += sum(k * mp.log(q) for k, q in zip(x, p) if k > 0)
    return value, sum(x)


def dirichlet(x, a):
    y = [share / sum(x) for share in x]
    n = sum(a)
    value = mp.loggamma(n) - sum(mp.loggamma(b) for b in a)
    value += sum((b - 1) * mp.log(share) for b, share in zip(a, y))
    slopes = [mp.psi(0, n) - mp.psi(0, b) + mp.log(share) for b, share in zip(a, y)]
    return value, sum(abs(b * slope) for b, slope in zip(a, slopes))


def dirichlet_multinomial(x, a):
    n, s = sum(x), sum(a)
    value = mp.loggamma(n + 1) + mp.loggamma(s) - mp.loggamma(n + s)
    for k, b in zip(x, a):
        if k > 0:
            value += mp.loggamma(k + b) - mp.loggamma(b) - mp.loggamma(k + 1)
    slope = mp.psi(0, s) - mp.psi(0, n + s)
    slopes = [slope + mp.psi(0, k + b) - mp.psi(0, b) for k, b in zip(x, a)]
    return value, sum(abs(b * slope) for b, slope in zip(a, slopes))


NORMALISERS = {}


def von_mises_fisher(x, parameters):
    *mean, kappa = parameters
    size, length = mp.norm(mean), mp.norm(x)
    mean, x = [m / size for m in mean], [y / length for y in x]
    half = mpf(len(x)) / 2
    if (len(x), kappa) not in NORMALISERS:
        if kappa == 0:
            normaliser = (mp.loggamma(half) - mp.log(2) - half * mp.log(mp.pi), mpf(0))
        else:
            bessel = mp.besseli(half - 1, kappa)
            log = (half - 1) * mp.log(kappa) - half * mp.log(2 * mp.pi) - mp.log(bessel)
            normaliser = (log, mp.besseli(half, kappa) / bessel)
        NORMALISERS[len(x), kappa] = normaliser
    log_constant, ratio = NORMALISERS[len(x), kappa]
    inner = sum(m * y for m, y in zip(mean, x))
    sensitivity = sum(abs(kappa * m * (y - inner * m)) for m, y in zip(mean, x))
    return log_constant + kappa * inner, sensitivity + abs(kappa * (inner - ratio))


def row(density, x, parameters):
    value, sensitivity = density([mpf(y) for y in x], [mpf(theta) for theta in parameters])
    shown = [" ".join(repr(number) for number in numbers) for numbers in (parameters, x)]
    print(f"{density.__name__},{shown[0]},{shown[1]},{mp.nstr(value, 25)},{mp.nstr(sensitivity, 6)}")


def near(total, shares, spread):
    """Counts of about this total, in about these shares."""
    counts = [total * share + spread * random.gauss(0, 1) * (total * share) ** 0.5 for share in shares]
    return [max(0, round(count)) for count in counts]


SHARES = [
    [0.5, 0.5],
    [0.2, 0.3, 0.5],
    [1e-10, 0.25, 0.75 - 1e-10],
    [1e-200, 1.0],
    [0.1] * 10,
    [2.0**-k for k in (1, 2, 3, 4, 5, 6, 7, 7)],
]


def main():
    print("family,parameters,x,log_density,sensitivity")
    for p in SHARES:
        for total in (0, 1, 3, 20, 64, 65, 200, 10**4, 10**8, 10**14):
            for spread in (0, 1, 6):
                row(multinomial, near(total, p, spread), p)
            row(multinomial, [total] + [0] * (len(p) - 1), p)
            row(multinomial, [total // len(p)] * len(p), p)
    for p in SHARES:
        for size in (1e-5, 0.3, 2.0, 15.9, 16.1, 300.0, 1e6, 1e12):
            a = [size * share for share in p]
            for spread in (0.0, 0.1, 1.0, 6.0):
                raw = [
                    share * float(mp.exp(spread * random.gauss(0, 1) / (1 + b) ** 0.5))
                    for share, b in zip(p, a)
                ]
                x = [y / sum(raw) for y in raw]
                if min(x) > 0:
                    row(dirichlet, x, a)
            row(dirichlet, [1.0 / len(p)] * len(p), a)
    for p in SHARES:
        for size in (1e-10, 1e-3, 0.7, 2.5, 40.0, 1e4, 1e9, 1e16):
            a = [size * share for share in p]
            for total in (1, 2, 7, 100, 10**5, 10**12):
                for spread in (0, 1, 6):
                    row(dirichlet_multinomial, near(total, p, spread), a)
                row(dirichlet_multinomial, [total] + [0] * (len(p) - 1), a)
    for d in (2, 3, 4, 7, 20, 41, 60, 300):
        mean = [random.gauss(0, 1) for _ in range(d)]
        size = float(mp.norm(mean))
        mean = [m / size for m in mean]
        few = d > 40
        kappas = [0.0, 1e-8, 5.0, 20.1, 180.0, 1e5, 1e10]
        if not few:
            kappas += [1e-300, 0.1, 1.0, 19.9, 50.0, 1e3]
        for kappa in kappas:
            for spread in (0.0, 1.0) if few else (0.0, 1e-3, 1.0, 5.0, 1e9):
                away = min(spread / (kappa + 1) ** 0.5, 10.0)
                x = [m + away * random.gauss(0, 1) / d**0.5 for m in mean]
                size = float(mp.norm(x))
                row(von_mises_fisher, [y / size for y in x], [*mean, kappa])
            if not few:
                row(von_mises_fisher, [-m for m in mean], [*mean, kappa])


if __name__ == "__main__":
    main()
