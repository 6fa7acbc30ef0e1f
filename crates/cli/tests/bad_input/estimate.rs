//! Fits without an estimate, or that do not converge.

use crate::{Row, TWO};

pub const ROWS: &[Row] = &[
    (
        "estimate",
        "a,const\n1,3\n2,3\n3,3\n9,3\n",
        "fit DATA --family multivariate_t -k 1 --output OUT",
        1,
        &["component 0", "column const", "scale_matrix = 0"],
    ),
    (
        "estimate",
        "a,const\n1,3\n2,3\n3,3\n9,3\n",
        "fit DATA --family normal -k 1 --output OUT",
        1,
        &["component 0", "column const", "effective count"],
    ),
    (
        "estimate",
        "a,l\n1,0\n1,0\n3,1\n4,1\n",
        "fit DATA --family normal -k 2 --init-labels l --output OUT",
        1,
        &["component 0", "column a", "coincide"],
    ),
    (
        "estimate",
        "a,l\n1,0\n2,0\n3,0\n4,0\n",
        "fit DATA --family normal -k 2 --init-labels l",
        1,
        &["component 1", "nothing to estimate from"],
    ),
    (
        "convergence",
        TWO,
        "fit DATA --family normal -k 2 --max-iterations 1 --require-convergence --output OUT",
        3,
        &["did not converge", "max_iterations"],
    ),
    (
        "estimate",
        "a,const\n1,3\n2,3\n3,3\n9,3\n",
        "fit DATA --family gaussian -k 1 --output OUT",
        1,
        &["component 0", "column const", "variance = 0"],
    ),
    (
        "estimate",
        "a,b\n1,2\n2,4\n3,6\n9,18\n",
        "fit DATA --family gaussian -k 1 --output OUT",
        1,
        &["component 0", "column b", "singular covariance"],
    ),
];
