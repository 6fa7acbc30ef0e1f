"""Both tails of the distribution functions of continuous families, at 400 digits.

    python3 generate_tails.py > tails.csv        (needs mpmath; seconds)

Columns: family, parameters (JSON, as in model files), x, cdf = P(X <= x), sf = P(X > x). The numbers
given are doubles, so the values are those of exactly these parameters.
"""

import json
import sys

from mpmath import mp, mpf

mp.dps = 400


def student_t(x, location, scale, df):
    z = abs(x - location) / scale
    if df < 1000:
        tail = mp.betainc(df / 2, mpf(1) / 2, 0, df / (df + z * z), regularized=True) / 2
    else:
        # The incomplete beta function converges too slowly; the integrand is almost normal.
        with mp.workdps(40):
            log_constant = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df * mp.pi) / 2
            # Far out the density falls by e over a distance of 1/z.
            points = [z + step / (1 + z) for step in (0, 1, 2, 4, 8, 16, 32, 64, 128, 512)]
            tail = mp.quad(
                lambda t: mp.exp(log_constant - (df + 1) / 2 * mp.log1p(t * t / df)), points
            )
    return (tail, 1 - tail) if x < location else (1 - tail, tail)


def cauchy(x, location, scale):
    z = (x - location) / scale
    return mp.atan2(1, -z) / mp.pi, mp.atan2(1, z) / mp.pi


def logistic(x, location, scale):
    z = (x - location) / scale
    return 1 / (1 + mp.exp(-z)), 1 / (1 + mp.exp(z))


def gumbel(x, location, scale):
    power = mp.exp(-(x - location) / scale)
    return mp.exp(-power), -mp.expm1(-power)


def inverse_gaussian(x, mean, shape):
    root = mp.sqrt(shape / x)
    below = mp.erfc(-root * (x / mean - 1) / mp.sqrt(2)) / 2
    below += mp.exp(2 * shape / mean) * mp.erfc(root * (x / mean + 1) / mp.sqrt(2)) / 2
    return below, 1 - below


def chi_squared(x, df):
    return (
        mp.gammainc(df / 2, 0, x / 2, regularized=True),
        mp.gammainc(df / 2, x / 2, mp.inf, regularized=True),
    )


def row(distribution, parameters, x):
    exact = {name: mpf(value) for name, value in parameters.items()}
    cdf, sf = distribution(mpf(x), **exact)
    # Below the range of doubles there is nothing to compare.
    if cdf < mpf(10) ** -300 or sf < mpf(10) ** -300:
        return
    fields = json.dumps(parameters, separators=(",", ":")).replace('"', '""')
    print(f'{distribution.__name__},"{fields}",{x!r},{mp.nstr(cdf, 20)},{mp.nstr(sf, 20)}')


def main():
    print("family,parameters,x,cdf,sf")
    for df in (1e-3, 0.5, 3.0, 4.0, 30.0, 1e4, 1e7, 1e10):
        for x in (-30.0, -8.0, -3.0, -0.7, -1e-3, 0.1, 2.0, 10.0):
            row(student_t, {"location": 0.0, "scale": 1.0, "df": df}, x)
        row(student_t, {"location": 1.0, "scale": 2.0, "df": df}, 3.0)
    for x in (-1e100, -1e4, -3.0, -0.1, 0.0, 0.5, 3.0, 1e50):
        row(cauchy, {"location": 0.5, "scale": 2.0}, x)
    for x in (-500.0, -20.0, -5.0, -0.1, 0.0, 2.0, 40.0, 600.0):
        row(logistic, {"location": 0.5, "scale": 2.0}, x)
        row(gumbel, {"location": 0.5, "scale": 2.0}, x)
        row(gumbel, {"location": 0.0, "scale": 1.0}, x / 100)
    for mean, shape in ((1.0, 1.0), (1.0, 100.0), (2.0, 0.01), (1e-3, 1e3), (50.0, 5.0)):
        for f in (0.05, 0.6, 1.0, 1.3, 4.0, 30.0):
            row(inverse_gaussian, {"mean": mean, "shape": shape}, mean * f)
    for df in (0.1, 1.0, 3.0, 25.0, 400.0):
        for f in (0.01, 0.5, 1.0, 2.6, 10.0):
            row(chi_squared, {"df": df}, df * f)


if __name__ == "__main__":
    sys.exit(main())
