#!/usr/bin/env python3
"""The mode of chi-squared distributions under the prior of combine::WithPrior, for complete.rs:
the maximum over df of  sum_i w_i ln p(x_i | df) + strength E ln p(X | df),  X distributed as the centre,
by golden section on the objective itself, at 40 digits (mpmath 1.3).

    python3 generate_prior_modes.py
"""
from mpmath import exp, log, loggamma, mp, mpf, nstr, quad, sqrt

mp.dps = 40
ROWS = [mpf(1) / 10, mpf(5) / 2, mpf(3) / 10, mpf(4), mpf(9) / 10]
WEIGHTS = [1, 2, 1, mpf(1) / 2, 3]


def ln_p(x, df):
    return (df / 2 - 1) * log(x) - x / 2 - df / 2 * log(2) - loggamma(df / 2)


def mode(centre, strength):
    def mean(f):
        inside = lambda t: f(exp(t)) * exp(ln_p(exp(t), centre)) * exp(t)
        return quad(inside, [-300, -50, -10, 0, 3, 6])

    log_mean, own_mean = mean(log), mean(lambda x: x)

    def objective(df):
        rows = sum(w * ln_p(x, df) for w, x in zip(WEIGHTS, ROWS))
        prior = (df / 2 - 1) * log_mean - own_mean / 2 - df / 2 * log(2) - loggamma(df / 2)
        return rows + strength * prior

    low, high, golden = mpf(1) / 100, mpf(50), (sqrt(5) - 1) / 2
    for _ in range(180):
        a, b = high - golden * (high - low), low + golden * (high - low)
        if objective(a) > objective(b):
            high = b
        else:
            low = a
    return (low + high) / 2


for centre, strength in [(mpf(4), mpf(5) / 2), (mpf(1) / 2, mpf(10))]:
    print(nstr(centre, 5), nstr(strength, 5), nstr(mode(centre, strength), 17))
