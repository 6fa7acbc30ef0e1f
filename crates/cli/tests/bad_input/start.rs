//! Starts.

use crate::{Row, TWO};

pub const ROWS: &[Row] = &[
    (
        "start",
        "a,l\n1,x\n2,y\n3,z\n",
        "fit DATA --family normal --columns a -k 2 --init-labels l",
        2,
        &["column l", "3 distinct labels for 2"],
    ),
    (
        "start",
        "a,l\n1,x\n2,x\n3,x\n",
        "fit DATA --family normal --columns a -k 2 --init-labels l",
        2,
        &["label \"x\"", "below 2"],
    ),
    (
        "start",
        TWO,
        "fit DATA --family normal -k 2 --init-labels-file @l.csv=label\\n0\\n1\\n",
        2,
        &["l.csv", "2 rows", "5"],
    ),
    (
        "start",
        TWO,
        "fit DATA --family normal -k 2 --init-responsibilities @r.csv=p,q\\n1,0\\n0,1\\n0.5,0.4\\n1,0\\n1,0\\n",
        2,
        &["r.csv", "line 4", "sum to 0.9"],
    ),
    (
        "start",
        TWO,
        "fit DATA --family normal -k 2 --init-responsibilities @r.csv=p\\n1\\n1\\n1\\n1\\n1\\n",
        2,
        &["1 columns of responsibilities for 2"],
    ),
    (
        "start",
        TWO,
        "fit DATA --family normal -k 2 --init spread --init-labels a",
        2,
        &["--init-labels"],
    ),
    (
        "start",
        TWO,
        "fit DATA --family normal -k 2 --restarts 3 --init-labels a",
        2,
        &["--restarts"],
    ),
    (
        "start",
        TWO,
        "fit DATA --family normal --columns a -k 3 --init-model MODEL",
        2,
        &["3 components", "2 components"],
    ),
    (
        "start",
        TWO,
        "fit DATA --components normal,gamma --init spread",
        2,
        &["--init spread"],
    ),
    (
        "start",
        "a\n1\n2\n",
        "fit DATA --family normal -k 1 --init-labels-file @l.csv=l\\nNA\\nNA\\n",
        2,
        &["l.csv", "every label is empty"],
    ),
];
