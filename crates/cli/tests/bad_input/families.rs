//! Truncated and zero-inflated families.

use crate::{Row, TWO};

pub const ROWS: &[Row] = &[
    (
        "truncated",
        TWO,
        "fit DATA --family truncated_normal -k 1 --output OUT",
        2,
        &["family truncated_normal needs --set low=NUMBER"],
    ),
    (
        "truncated",
        TWO,
        "fit DATA --family truncated_normal --set low=3 --set high=3 -k 1 --output OUT",
        2,
        &[
            "family truncated_normal, 3 < x <= 3",
            "low must be below high",
        ],
    ),
    (
        "truncated",
        TWO,
        "fit DATA --family truncated_gamma --set high=-1 -k 1 --output OUT",
        2,
        &["truncated_gamma, -inf < x <= -1", "no value of the family"],
    ),
    (
        "truncated",
        TWO,
        "fit DATA --family truncated_poisson --set low=2.1 --set high=2.9 --columns a -k 1 --output OUT",
        2,
        &["family truncated_poisson", "interval_probability"],
    ),
    (
        "truncated",
        TWO,
        "fit DATA --family truncated_normal --set low=wide -k 1 --output OUT",
        2,
        &["low = \"wide\" must be a number"],
    ),
    (
        "truncated",
        TWO,
        "fit DATA --family truncated_normal --set low=1 --columns a -k 1 --output OUT",
        2,
        &["line 2, column a", "must lie above low"],
    ),
    (
        "truncated",
        "n\n1\n0\n2\n",
        "fit DATA --family zero_truncated_poisson -k 1 --output OUT",
        2,
        &["line 3, column n", "must lie above low"],
    ),
    (
        "truncated",
        "n\n1\n1\n1\n",
        "fit DATA --family zero_truncated_poisson -k 1 --output OUT",
        1,
        &["component 0", "family zero_truncated_poisson"],
    ),
    (
        "zero-inflated",
        TWO,
        "fit DATA --family zero_inflated_binomial -k 1 --output OUT",
        2,
        &["zero_inflated_binomial needs --set trials=NUMBER"],
    ),
    (
        "zero-inflated",
        "x\n0\n-1\n2\n",
        "fit DATA --family zero_inflated_gamma -k 1 --output OUT",
        2,
        &["line 3, column x", "must be positive"],
    ),
    (
        "zero-inflated",
        TWO,
        "show @m.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\"],\"parts\":[{\"family\":\"zero_inflated_poisson\",\"columns\":[\"a\"]}],\"weights\":[1],\"components\":[{\"zero_probability\":1.5,\"rate\":1}]}",
        2,
        &["component 0", "zero_probability", "between 0 and 1"],
    ),
    (
        "zero-inflated",
        TWO,
        "show @m.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\"],\"parts\":[{\"family\":\"zero_inflated_poisson\",\"columns\":[\"a\"]}],\"weights\":[1],\"components\":[{\"zero_probability\":0.5,\"rate\":1,\"size\":2}]}",
        2,
        &["component 0", "size"],
    ),
];
