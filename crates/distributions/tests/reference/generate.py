"""Log-densities of every family at 50 digits, over its parameter space, extremes included.

    python3 generate.py > log_density.csv        (needs mpmath; about a minute)

Columns: family, parameters (JSON, as in model files), x, log_density, sensitivity. The numbers
given are doubles, so the values are those of exactly these parameters. sensitivity is
sum_j |theta_j d log_density / d theta_j|: what relative errors of the parameters cost, which the
promised accuracy allows for.
"""

import json
import sys

from mpmath import mp, mpf

mp.dps = 50
INFINITY = mpf("inf")


def normal(x, mean, variance):
    return -mp.log(2 * mp.pi * variance) / 2 - (x - mean) ** 2 / (2 * variance)


def log_normal(x, log_mean, log_variance):
    return normal(mp.log(x), log_mean, log_variance) - mp.log(x)


def exponential(x, rate):
    return mp.log(rate) - rate * x


def gamma(x, shape, rate):
    return shape * mp.log(rate) + (shape - 1) * mp.log(x) - rate * x - mp.loggamma(shape)


def beta(x, alpha, beta):
    log_beta = mp.loggamma(alpha) + mp.loggamma(beta) - mp.loggamma(alpha + beta)
    return (alpha - 1) * mp.log(x) + (beta - 1) * mp.log(1 - x) - log_beta


def poisson(x, rate):
    return x * mp.log(rate) - rate - mp.loggamma(x + 1)


def bernoulli(x, probability):
    return mp.log(probability) if x == 1 else mp.log(1 - probability)


def log_binomial(n, x):
    return mp.loggamma(n + 1) - mp.loggamma(x + 1) - mp.loggamma(n - x + 1)


def binomial(x, trials, probability):
    value = log_binomial(mpf(trials), x)
    if x > 0:
        value += x * mp.log(probability)
    if x < trials:
        value += (trials - x) * mp.log(1 - probability)
    return value


def geometric(x, probability):
    return mp.log(probability) + (x * mp.log(1 - probability) if x > 0 else 0)


def von_mises(x, mean_direction, concentration):
    log_bessel = mp.log(mp.besseli(0, concentration))
    return concentration * mp.cos(x - mean_direction) - mp.log(2 * mp.pi) - log_bessel


def negative_binomial(x, mean, size):
    value = mp.loggamma(x + size) - mp.loggamma(size) - mp.loggamma(x + 1)
    value += size * mp.log(size / (size + mean))
    return value + (x * mp.log(mean / (size + mean)) if x > 0 else 0)


def beta_binomial(x, trials, alpha, beta):
    def log_beta(a, b):
        return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)

    value = log_binomial(mpf(trials), x)
    return value + log_beta(x + alpha, trials - x + beta) - log_beta(alpha, beta)


def weibull(x, shape, scale):
    return mp.log(shape / scale) + (shape - 1) * mp.log(x / scale) - (x / scale) ** shape


def student_t(x, location, scale, df):
    z = (x - location) / scale
    value = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df * mp.pi) / 2
    return value - mp.log(scale) - (df + 1) / 2 * mp.log1p(z * z / df)


def inverse_gamma(x, shape, scale):
    return gamma(1 / x, shape, scale) - 2 * mp.log(x)


def inverse_gaussian(x, mean, shape):
    return mp.log(shape / (2 * mp.pi * x**3)) / 2 - shape * (x - mean) ** 2 / (2 * mean**2 * x)


def laplace(x, location, scale):
    return -mp.log(2 * scale) - abs(x - location) / scale


def logistic(x, location, scale):
    z = (x - location) / scale
    return -z - mp.log(scale) - 2 * mp.log1p(mp.exp(-z))


def gumbel(x, location, scale):
    z = (x - location) / scale
    return -mp.log(scale) - z - mp.exp(-z)


def rayleigh(x, scale):
    return mp.log(x) - 2 * mp.log(scale) - x * x / (2 * scale * scale)


def maxwell(x, scale):
    return mp.log(2 / mp.pi) / 2 + 2 * mp.log(x) - 3 * mp.log(scale) - x * x / (2 * scale**2)


def half_normal(x, scale):
    return mp.log(2 / mp.pi) / 2 - mp.log(scale) - x * x / (2 * scale**2)


def pareto(x, minimum, shape):
    return mp.log(shape) + shape * mp.log(minimum) - (shape + 1) * mp.log(x)


def cauchy(x, location, scale):
    return student_t(x, location, scale, mpf(1))


def chi_squared(x, df):
    return gamma(x, df / 2, mpf(1) / 2)


FIXED = {"trials", "minimum"}


def row(density, parameters, x):
    """One line of the table; derivatives by central differences at twice the digits."""
    exact = {name: mpf(value) for name, value in parameters.items()}
    point = mpf(x)
    value = density(point, **exact)
    sensitivity = mpf(0)
    for name, theta in exact.items():
        if name in FIXED or theta == 0:
            continue
        step = mpf(10) ** -20
        with mp.workdps(100):
            if name == "probability":
                step *= 1 - theta
            up = density(point, **{**exact, name: theta * (1 + step)})
            down = density(point, **{**exact, name: theta * (1 - step)})
            sensitivity += abs((up - down) / (2 * step))
    fields = json.dumps(parameters, separators=(",", ":")).replace('"', '""')
    shown = repr(x)
    print(f'{density.__name__},"{fields}",{shown},{mp.nstr(value, 25)},{mp.nstr(sensitivity, 6)}')


def span(centre, spread, low=None, high=None):
    """Points about the centre, in units of the spread, and far from it; doubles in (low, high)."""
    points = [centre + z * spread for z in (-30, -6, -2, -0.5, 0, 1e-3, 0.3, 1, 3, 10, 100)]
    points += [centre * f for f in (1e-8, 0.1, 0.5, 0.51, 0.9, 1.1, 1.99, 2.01, 10)]
    points = sorted({float(p) for p in points})
    return [p for p in points if (low is None or p > low) and (high is None or p < high)]


def counts(centre, spread, high=2**63):
    points = span(centre, spread) + [0, 1, 2, 5]
    return sorted({int(round(p)) for p in points if 0 <= round(p) <= high})


def main():
    print("family,parameters,x,log_density,sensitivity")
    for mean in (0.0, 2.0, -1e8):
        for variance in (1e-300, 1e-4, 1.0, 2.0, 1e200):
            for x in span(mean, variance**0.5):
                row(normal, {"mean": mean, "variance": variance}, x)
    for log_mean in (0.0, 1.0, -300.0, 600.0):
        for log_variance in (1e-12, 0.25, 1.0, 100.0):
            for z in (-8, -1, 0, 0.1, 3, 20):
                exponent = log_mean + z * log_variance**0.5
                if abs(exponent) < 700:
                    x = float(mp.exp(exponent))
                    row(log_normal, {"log_mean": log_mean, "log_variance": log_variance}, x)
    for rate in (1e-300, 0.01, 1.0, 2.5, 1e10, 1e300):
        for f in (0.0, 1e-5, 0.3, 1.0, 4.0, 700.0):
            row(exponential, {"rate": rate}, f / rate)
    for shape in (1e-10, 0.01, 0.5, 1.0, 2.0, 7.3, 15.9, 16.1, 100.0, 1e4, 1e8, 1e12):
        for rate in (1e-200, 1e-5, 1.0, 3.0, 1e6):
            for x in span(shape / rate, shape**0.5 / rate, low=0):
                row(gamma, {"shape": shape, "rate": rate}, x)
    for a in (1e-5, 0.5, 1.0, 2.0, 30.0, 1e5, 1e10):
        for b in (1e-5, 0.5, 1.0, 3.0, 200.0, 1e10):
            m = a / (a + b)
            sd = (m * (1 - m) / (a + b + 1)) ** 0.5
            for x in [*span(m, sd, low=0, high=1), 1e-300, 0.9, 1 - 2.0**-53]:
                row(beta, {"alpha": a, "beta": b}, x)
    for rate in (1e-300, 1e-3, 0.5, 3.0, 31.9, 32.1, 500.0, 1e6, 1e10, 1e15):
        for x in counts(rate, rate**0.5):
            row(poisson, {"rate": rate}, x)
    for probability in (1e-300, 1e-10, 0.3, 0.5, 0.999, 1 - 2.0**-53):
        for x in (0, 1):
            row(bernoulli, {"probability": probability}, x)
    for trials in (1, 2, 10, 64, 65, 1000, 10**6, 10**12, 10**15):
        for probability in (1e-300, 1e-10, 1e-3, 0.3, 0.5, 0.999, 1 - 2.0**-40):
            sd = (trials * probability * (1 - probability)) ** 0.5
            points = counts(trials * probability, sd, high=trials) + [trials - 1, trials]
            for x in sorted(set(points)):
                row(binomial, {"trials": trials, "probability": probability}, x)
    for probability in (1e-300, 1e-10, 0.01, 0.3, 0.5, 0.999, 1 - 2.0**-53):
        for x in (0, 1, 2, 30, 1000, 10**6, 10**12, 10**18):
            row(geometric, {"probability": probability}, x)
    for mean_direction in (0.0, 1e-5, 1.0, -2.5, 3.0):
        for concentration in (0.0, 1e-10, 0.1, 1.0, 3.0, 20.0, 49.9, 50.1, 700.0, 1e5, 1e10):
            spread = min(1.0, 1 / (concentration + 1e-9) ** 0.5)
            for z in (-3, -0.5, 0, 1e-3, 1, 2, 6, 30, 1e4):
                parameters = {"mean_direction": mean_direction, "concentration": concentration}
                row(von_mises, parameters, mean_direction + z * spread)
    for shape in (0.01, 0.5, 2.0, 16.1, 1e4, 1e10):
        for scale in (1e-200, 1e-5, 1.0, 1e6):
            for x in span(scale / shape, shape**-1.5 * scale, low=0):
                row(inverse_gamma, {"shape": shape, "scale": scale}, x)
    for scale in (1e-150, 1e-3, 1.0, 7.0, 1e150):
        for z in (1e-10, 0.01, 0.5, 1.0, 1.5, 4.0, 38.0):
            for density in (rayleigh, maxwell, half_normal):
                row(density, {"scale": scale}, z * scale)
    for location in (0.0, 3.0, -1e8):
        for scale in (1e-3, 1.0, 1e5):
            for x in span(location, scale):
                row(laplace, {"location": location, "scale": scale}, x)
    for minimum in (1e-200, 1.0, 3e10):
        for shape in (1e-3, 1.0, 5.0, 1e8):
            for above in (0.0, 1e-12, 1e-8, 0.1, 0.9, 1.1, 5.0, 1e3, 1e100):
                row(pareto, {"minimum": minimum, "shape": shape}, minimum * (1 + above))
    for mean in (1e-300, 1e-3, 1.7, 40.0, 1e6, 1e12):
        for size in (1e-10, 0.3, 1.7, 50.0, 1e6, 1e15):
            for x in counts(mean, (mean + mean * mean / size) ** 0.5):
                row(negative_binomial, {"mean": mean, "size": size}, x)
    for trials in (1, 2, 10, 1000, 1024, 10**6, 10**12):
        for alpha in (1e-8, 0.3, 1.0, 40.0, 1e6, 1e15):
            for beta in (1e-8, 0.5, 3.0, 1e4, 1e13):
                p, s = alpha / (alpha + beta), alpha + beta
                sd = (trials * p * (1 - p) * (s + trials) / (s + 1)) ** 0.5
                points = counts(trials * p, sd, high=trials) + [trials - 1, trials]
                for x in sorted(set(points)):
                    row(beta_binomial, {"trials": trials, "alpha": alpha, "beta": beta}, x)
    for shape in (1e-3, 0.5, 1.0, 3.7, 100.0, 1e6):
        for scale in (1e-200, 1e-3, 1.0, 50.0, 1e200):
            for z in (-100.0, -10.0, -1.0, -1e-3, 0.0, 0.1, 1.0, 3.0):
                x = float(mpf(scale) * mp.exp(mpf(z) / shape))
                if 1e-300 < x < 1e300:
                    row(weibull, {"shape": shape, "scale": scale}, x)
    for df in (1e-3, 0.1, 1.0, 2.5, 4.0, 99.0, 101.0, 1e3, 1e5, 1e7, 1e10):
        for location, scale in ((0.0, 1.0), (3.0, 1e-200), (-1e8, 1e5), (2.0, 1e200)):
            for z in (0.0, 1e-9, -0.01, 0.3, -1.0, 2.0, 6.0, -40.0, 1e4, -1e12, 1e90):
                x = location + z * scale
                row(student_t, {"location": location, "scale": scale, "df": df}, x)
        row(student_t, {"location": 1.0, "scale": 1e-200, "df": df}, 1e50)
        row(student_t, {"location": -1e308, "scale": 1.0, "df": df}, 1e308)
    for location, scale in ((0.0, 1.0), (3.0, 1e-200), (-1e8, 1e5), (2.0, 1e200)):
        for z in (0.0, 1e-9, -0.01, 0.3, -1.0, 2.0, 6.0, -40.0, 1e4, -1e12, 1e90):
            for density in (cauchy, logistic, gumbel):
                if density is not gumbel or z > -700:
                    row(density, {"location": location, "scale": scale}, location + z * scale)
    for mean in (1e-150, 1e-3, 1.0, 7.0, 1e6, 1e150):
        for ratio in (1e-10, 0.01, 1.0, 3.0, 100.0, 1e6, 1e12):
            parameters = {"mean": mean, "shape": mean * ratio}
            for x in [*span(mean, mean / ratio**0.5, low=0), mean * 1e-3, mean * 1e5]:
                row(inverse_gaussian, parameters, x)
    for df in (1e-10, 0.02, 1.0, 3.0, 31.9, 32.1, 200.0, 1e6, 1e12):
        for x in [*span(df, (2 * df) ** 0.5, low=0), 1e-300, 1e-5]:
            row(chi_squared, {"df": df}, x)


if __name__ == "__main__":
    sys.exit(main())
