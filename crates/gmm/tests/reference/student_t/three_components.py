"""A mixture of three bivariate t distributions with free degrees of freedom, by a naive ECM.

    python3 three_components.py        (needs numpy and scipy; writes three_components.csv and .json)

The classical ECM (Liu & Rubin 1995): latent scales from the current iterate, scale matrices divided by the
sum of the responsibilities, degrees of freedom from the digamma equation by Brent's method. Slow and plain;
run until no parameter changes by more than 1e-13 of itself. Other variants of EM share its fixed points.
The log-likelihood is scipy.stats.multivariate_t's.
"""

import json

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, logsumexp
from scipy.stats import multivariate_t

TRUTH = [
    (0.4, [0.0, 0.0], [[1.0, 0.4], [0.4, 0.5]], 3.0),
    (0.35, [6.0, 1.0], [[0.5, -0.2], [-0.2, 1.0]], 6.0),
    (0.25, [1.0, 8.0], [[2.0, 0.0], [0.0, 0.3]], 2.0),
]


def draw(n):
    rng = np.random.default_rng(7)
    labels = rng.choice(3, size=n, p=[part[0] for part in TRUTH])
    rows = [
        multivariate_t(TRUTH[k][1], TRUTH[k][2], df=TRUTH[k][3], seed=rng).rvs() for k in labels
    ]
    return np.round(np.array(rows), 6), labels


def densities(x, model):
    return np.stack(
        [
            np.log(weight) + multivariate_t(location, scale, df=df).logpdf(x)
            for weight, location, scale, df in model
        ]
    )


def step(x, model, r):
    """One iteration of ECM; `model` is None for the first M-step, whose latent scales are 1."""
    n, d = x.shape
    new = []
    for k in range(r.shape[0]):
        count = r[k].sum()
        if model is None:
            u, df = np.ones(n), 10.0
        else:
            _, location, scale, df = model[k]
            centred = x - location
            form = np.einsum("ij,jk,ik->i", centred, np.linalg.inv(scale), centred)
            u = (df + d) / (df + form)
        location = (r[k] * u) @ x / (r[k] * u).sum()
        centred = x - location
        scale = (centred.T * (r[k] * u)) @ centred / count
        if model is not None:
            constant = (r[k] * (np.log(u) - u)).sum() / count
            constant += 1 + digamma((df + d) / 2) - np.log((df + d) / 2)
            equation = lambda v: np.log(v / 2) - digamma(v / 2) + constant
            df = brentq(equation, 1e-3, 1e10, xtol=1e-15, rtol=1e-15)
        new.append((count / n, location, scale, df))
    return new


def main():
    x, labels = draw(400)
    model = step(x, None, np.stack([labels == k for k in range(3)]).astype(float))
    flat = lambda m: np.concatenate([np.r_[w, l, s.ravel(), df] for w, l, s, df in m])
    iterations = 0
    while True:
        joint = densities(x, model)
        next_model = step(x, model, np.exp(joint - logsumexp(joint, axis=0)))
        iterations += 1
        change = np.abs(flat(next_model) / flat(model) - 1).max()
        model = next_model
        if change < 1e-13 or iterations == 20000:
            break
    likelihood = logsumexp(densities(x, model), axis=0).sum()
    with open("three_components.csv", "w") as out:
        out.write("x,y,label\n")
        out.writelines(f"{a},{b},{k}\n" for (a, b), k in zip(x.tolist(), labels.tolist()))
    result = {
        "iterations": iterations,
        "change": change,
        "log_likelihood": likelihood,
        "components": [
            {"weight": w, "location": l.tolist(), "scale_matrix": s.tolist(), "df": df}
            for w, l, s, df in model
        ],
    }
    with open("three_components.json", "w") as out:
        json.dump(result, out, indent=1)
    print(json.dumps(result, indent=1))


main()
