//! Noise.

use crate::{Row, TWO};

pub const ROWS: &[Row] = &[
    (
        "noise",
        "n\n1\n2\n5\n",
        "fit DATA --family poisson -k 1 --noise --output OUT",
        2,
        &["noise stands beside families of real numbers", "poisson"],
    ),
    (
        "noise",
        "x,y\n1,2\n2,2\n5,2\n",
        "fit DATA --family gaussian -k 1 --noise --output OUT",
        2,
        &["column y: every value is 2", "noise"],
    ),
    (
        "noise",
        TWO,
        "fit DATA --family normal --interval a,b -k 1 --noise --output OUT",
        2,
        &["--noise", "cannot be used with"],
    ),
    (
        "noise",
        "x\n0\n1\n2\n",
        "fit DATA --family zero_inflated_gamma -k 1 --noise --output OUT",
        2,
        &["zero_inflated_gamma has a point mass"],
    ),
    (
        "noise",
        TWO,
        "show @m.json=MODEL\"family\":\"normal\"=>\"family\":\"normal\",\"noise\":{\"low\":[0],\"high\":[9]}",
        2,
        &["2 weights for 2 components and noise"],
    ),
    (
        "noise",
        TWO,
        "show @m.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\"],\"parts\":[{\"family\":\"normal\",\"columns\":[\"a\"],\"noise\":{\"low\":[9],\"high\":[0]}}],\"weights\":[0.5,0.5],\"components\":[{\"mean\":0,\"variance\":1}]}",
        2,
        &["noise", "low"],
    ),
    (
        "noise",
        TWO,
        "fit DATA --family normal -k 2 --noise --on-degenerate drop --output OUT",
        2,
        &["may leave nothing beside the noise"],
    ),
];
