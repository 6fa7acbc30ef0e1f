"""Reference standard errors of a mixture of two normals, from the definition in 40 digits.

The data are normal quantiles, shifted and scaled, so that nothing is random. The maximum is found by
Newton's method on the log-likelihood in (π_0, μ_0, σ²_0, μ_1, σ²_1), derivatives by mpmath; the standard
errors are the roots of the diagonal of H⁻¹ and of H⁻¹JH⁻¹. Needs mpmath. Writes two_normals.csv (x,w) and
two_normals_errors.csv (parameter,estimate,louis,sandwich).
"""
import mpmath as mp

mp.mp.dps = 40
rows = []
for j in range(1, 25):
    z = mp.sqrt(2) * mp.erfinv(2 * mp.mpf(j) / 25 - 1)
    rows.append((round(float(z), 3), 1 + (j % 3) / 2))
for j in range(1, 17):
    z = mp.sqrt(2) * mp.erfinv(2 * mp.mpf(j) / 17 - 1)
    rows.append((round(float(2.6 + 0.7 * z), 3), 1 + (j % 2)))


def log_density(theta, x):
    p, m0, v0, m1, v1 = theta
    part = lambda m, v: mp.exp(-((x - m) ** 2) / (2 * v)) / mp.sqrt(2 * mp.pi * v)
    return mp.log(p * part(m0, v0) + (1 - p) * part(m1, v1))


def derivatives(theta):
    """Gradient of each row, Hessian of the sum, by hand."""
    p, m0, v0, m1, v1 = theta
    scores, hessian = [], mp.matrix(5, 5)
    for x, w in rows:
        f, d, dd = [], [], []
        for m, v in ((m0, v0), (m1, v1)):
            e = x - m
            n = mp.exp(-(e**2) / (2 * v)) / mp.sqrt(2 * mp.pi * v)
            s = (e / v, (e**2 / v - 1) / (2 * v))
            b = ((-1 / v, -e / v**2), (-e / v**2, (mp.mpf(1) / 2 - e**2 / v) / v**2))
            f.append(n)
            d.append([n * s[0], n * s[1]])
            dd.append([[n * (s[i] * s[j] + b[i][j]) for j in (0, 1)] for i in (0, 1)])
        x_density = p * f[0] + (1 - p) * f[1]
        g = [f[0] - f[1]] + [p * t for t in d[0]] + [(1 - p) * t for t in d[1]]
        h = mp.matrix(5, 5)
        for i in (0, 1):
            h[0, 1 + i] = h[1 + i, 0] = d[0][i]
            h[0, 3 + i] = h[3 + i, 0] = -d[1][i]
            for j in (0, 1):
                h[1 + i, 1 + j] = p * dd[0][i][j]
                h[3 + i, 3 + j] = (1 - p) * dd[1][i][j]
        s = [t / x_density for t in g]
        scores.append((s, w))
        for i in range(5):
            for j in range(5):
                hessian[i, j] += w * (h[i, j] / x_density - s[i] * s[j])
    return scores, hessian


theta = [mp.mpf(6) / 10, mp.mpf(0), mp.mpf(1), mp.mpf("2.6"), mp.mpf(1) / 2]
# A few steps of EM, then Newton.
for _ in range(400):
    sums = [[mp.mpf(0)] * 3, [mp.mpf(0)] * 3]
    for x, w in rows:
        p, m0, v0, m1, v1 = theta
        a = p * mp.exp(-((x - m0) ** 2) / (2 * v0)) / mp.sqrt(v0)
        b = (1 - p) * mp.exp(-((x - m1) ** 2) / (2 * v1)) / mp.sqrt(v1)
        for k, r in enumerate((a / (a + b), b / (a + b))):
            for power in range(3):
                sums[k][power] += w * r * mp.mpf(x) ** power
    total = sums[0][0] + sums[1][0]
    means = [s[1] / s[0] for s in sums]
    variances = [s[2] / s[0] - m**2 for s, m in zip(sums, means)]
    theta = [sums[0][0] / total, means[0], variances[0], means[1], variances[1]]
for _ in range(8):
    scores, hessian = derivatives(theta)
    gradient = mp.matrix([sum(w * s[i] for s, w in scores) for i in range(5)])
    step = mp.lu_solve(hessian, gradient)
    theta = [t - u for t, u in zip(theta, step)]
assert mp.norm(gradient) < mp.mpf(10) ** -25
# The Hessian by hand agrees with mpmath's own derivatives.
second = mp.diff(lambda v: sum(w * log_density([theta[0], v] + theta[2:], x) for x, w in rows), theta[1], 2)
assert abs(second - hessian[1, 1]) < mp.mpf(10) ** -10
inverse = (-hessian) ** -1
j = mp.matrix(5, 5)
for s, w in scores:
    for a in range(5):
        for b in range(5):
            j[a, b] += w * s[a] * s[b]
sandwich = inverse * j * inverse

with open("two_normals.csv", "w") as file:
    file.write("x,w\n")
    for x, w in rows:
        file.write(f"{x},{w}\n")
with open("two_normals_errors.csv", "w") as file:
    file.write("parameter,estimate,louis,sandwich\n")
    names = ["weight_0", "mean_0", "variance_0", "mean_1", "variance_1"]
    for a, name in enumerate(names):
        values = (theta[a], mp.sqrt(inverse[a, a]), mp.sqrt(sandwich[a, a]))
        file.write(name + "," + ",".join(mp.nstr(v, 17) for v in values) + "\n")
