//! What cannot be fitted, read or scored ends in one clear sentence and the right exit code: no
//! panic, nothing on stdout, no file.

mod support;

use std::path::Path;
use support::{folder, mixture, write};

/// A class of bad input, the data, the command, its exit code, and words of the message. In the
/// command `DATA` is the data's path, `OUT` that of the output, `DIR` the folder, and a word
/// `@name=text` writes a file `name` holding `text` and stands for its path.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    i32,
    &'static [&'static str],
);

const TWO: &str = "a,b\n1,2\n2,1\n3,5\n4,4\n5,9\n";
const NORMAL: &str = "{\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\"],\"parts\":[{\"family\":\"normal\",\"columns\":[\"a\"]}],\"weights\":[0.5,0.5],\"components\":[{\"mean\":0,\"variance\":1},{\"mean\":5,\"variance\":1}]}";
const FIT: &str = "fit DATA --family normal -k 2 --output OUT";

const ROWS: &[Row] = &[
    // The file itself.
    ("file", "", FIT, 2, &["data.csv", "the file is empty"]),
    ("file", "\n\n  \n", FIT, 2, &["the file is empty"]),
    ("file", "\u{feff}", FIT, 2, &["the file is empty"]),
    ("file", "a,b\n", FIT, 2, &["header", "no row of data"]),
    (
        "file",
        TWO,
        "fit DIR/none.csv --family normal -k 2",
        2,
        &["none.csv", "cannot be read"],
    ),
    (
        "file",
        TWO,
        "fit DIR --family normal -k 2",
        2,
        &["cannot be read"],
    ),
    (
        "file",
        "a,a\n1,2\n",
        FIT,
        2,
        &["line 1", "two columns are called \"a\""],
    ),
    ("file", "a\u{1}\n\"1\n2\n", FIT, 2, &["data.csv"]),
    // Intervals.
    (
        "interval",
        "from,to\n1,2\n3,2.5\n",
        "fit DATA --family normal --interval from,to -k 1 --output OUT",
        2,
        &[
            "data.csv, line 3, columns from, to",
            "the low end 3 is above the high end 2.5",
        ],
    ),
    (
        "interval",
        "from,to\n1,2\n3,2\n",
        "score @m.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"from\",\"to\"],\"parts\":[{\"family\":\"normal\",\"columns\":[\"from\",\"to\"],\"interval\":true}],\"weights\":[1],\"components\":[{\"mean\":0,\"variance\":1}]} DATA",
        2,
        &["line 3", "the low end 3 is above the high end 2"],
    ),
    (
        "interval",
        "from,to\n1,2\ninf,\n",
        "fit DATA --family normal --interval from,to -k 1 --output OUT",
        2,
        &["line 3, column from", "\"inf\" is no low end"],
    ),
    (
        "interval",
        "from,to\n1,2\n,-inf\n",
        "fit DATA --family normal --interval from,to -k 1 --output OUT",
        2,
        &["line 3, column to", "\"-inf\" is no high end"],
    ),
    (
        "interval",
        "from,to\n1,1e999\n1,2\n",
        "fit DATA --family normal --interval from,to -k 1 --output OUT",
        2,
        &["line 2, column to", "\"1e999\" is not finite"],
    ),
    (
        "interval",
        "from,to\n1,x\n1,2\n",
        "fit DATA --family normal --interval from,to -k 1 --output OUT",
        2,
        &["line 2, column to", "\"x\" is not a number"],
    ),
    (
        "interval",
        "from,to\n1,2\n,\n",
        "fit DATA --family normal --interval from,to -k 1 --output OUT",
        2,
        &["line 3, column from", "the cell is missing"],
    ),
    (
        "interval",
        "from,to\n,\n-inf,inf\n",
        "fit DATA --family normal --interval from,to -k 1 --missing em --output OUT",
        2,
        &["there is no value the model can use"],
    ),
    (
        "interval",
        "from,to\n0,2\n1.5,4\n",
        "fit DATA --family poisson --interval from,to -k 1 --output OUT",
        2,
        &["line 3, column from", "\"1.5\" is not a count"],
    ),
    (
        "interval",
        "from,to\n1,2\n-3,-1\n",
        "fit DATA --family exponential --interval from,to -k 1 --output OUT",
        2,
        &["line 3, column from, to", "meets the support"],
    ),
    (
        "interval",
        "from,to\n1,2\n0,0\n",
        "fit DATA --family gamma --interval from,to -k 1 --output OUT",
        2,
        &["line 3, column from, to", "must be positive"],
    ),
    (
        "interval",
        TWO,
        "fit DATA --family beta --interval a,b -k 1 --output OUT",
        2,
        &["family beta does not observe intervals"],
    ),
    (
        "interval",
        TWO,
        "fit DATA --components poisson,normal --interval a,b --output OUT",
        2,
        &["all of counts, or none is"],
    ),
    (
        "interval",
        TWO,
        "fit DATA --family normal --interval a -k 1 --output OUT",
        2,
        &["--interval a: expected two columns"],
    ),
    (
        "interval",
        TWO,
        "fit DATA --family normal --interval a,a -k 1 --output OUT",
        2,
        &["--interval a,a: expected two columns"],
    ),
    (
        "interval",
        TWO,
        "fit DATA --family normal --interval a,c -k 1 --output OUT",
        2,
        &["there is no column \"c\""],
    ),
    (
        "interval",
        TWO,
        "fit DATA --interval a,b -k 1 --output OUT",
        2,
        &["--interval LOW,HIGH needs --family NAME"],
    ),
    (
        "interval",
        TWO,
        "fit DATA --interval a,b --family normal --columns a -k 1 --output OUT",
        2,
        &["--interval", "--columns", "cannot be used with"],
    ),
    (
        "interval",
        "from,to\n1,\n2,\n5,\n",
        "fit DATA --family exponential --interval from,to -k 1 --output OUT",
        1,
        &["component 0", "family exponential"],
    ),
    // Noise.
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
    // Truncated and zero-inflated families.
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
    // Regressions.
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression -k 2 --output OUT",
        2,
        &[
            "family linear_regression is a regression",
            "--response COLUMN",
            "--predictors",
        ],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response b -k 2 --output OUT",
        2,
        &["it needs --response COLUMN and --predictors"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family normal --response b --predictors a -k 2 --output OUT",
        2,
        &["--response", "family normal is none"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --part normal:a --response b --predictors a -k 2 --output OUT",
        2,
        &["need --family NAME, a regression"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --part linear_regression:b --part normal:a -k 2 --output OUT",
        2,
        &["linear_regression: a regression is a model of its own"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --components linear_regression,normal --columns a --output OUT",
        2,
        &["different kinds of columns"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --columns a --response b --predictors a -k 1 --output OUT",
        2,
        &["--columns: the columns of a regression"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response a,b --predictors a -k 1 --output OUT",
        2,
        &["--response a,b: expected one column"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response c --predictors a -k 1 --output OUT",
        2,
        &["there is no column \"c\""],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response b --predictors a,a^x -k 1 --output OUT",
        2,
        &[
            "--predictors a,a^x",
            "term a^x",
            "a power must be a whole number from 1 to 9, not \"x\"",
        ],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response b --predictors a:z -k 1 --output OUT",
        2,
        &["term a:z: a product is written x*z"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response b --predictors a,a -k 1 --output OUT",
        2,
        &["term a: it is given twice"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response b --predictors z -k 1 --output OUT",
        2,
        &["there is no column \"z\""],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response b --predictors -1 -k 1 --output OUT",
        2,
        &["no predictor is left"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response b --predictors a,b -k 1 --output OUT",
        2,
        &["column b is both response and predictor"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response b --predictors a --common a^2 -k 1 --output OUT",
        2,
        &["the common term a^2 is not among the predictors, a"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response b --predictors a --common a,1 -k 1 --output OUT",
        2,
        &["every coefficient is common"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --family linear_regression --response b --predictors a --offset a -k 1 --output OUT",
        2,
        &["column a is used twice"],
    ),
    (
        "regression",
        "y,g\n1,u\n2,u\n3,u\n",
        "fit DATA --family linear_regression --response y --predictors g -k 1 --output OUT",
        2,
        &["term g: column g has one level only, u"],
    ),
    (
        "regression",
        "y,g\n1,u\n2,v\n3,u\n",
        "fit DATA --family linear_regression --response y --predictors g^2 -k 1 --output OUT",
        2,
        &["term g^2: column g holds categories, which have no powers"],
    ),
    (
        "regression",
        "y,g\n1,u\n2,v\n3,u\n",
        "fit DATA --family linear_regression --response g --predictors y -k 1 --output OUT",
        2,
        &["line 2, column g: \"u\" is not a number; family linear_regression needs numbers"],
    ),
    (
        "regression",
        "y,x\n1,1\n2,oops\n3,1\n",
        "fit DATA --family linear_regression --response y --predictors x -k 1 --output OUT",
        2,
        &["line 3, column x: \"oops\" is not a number"],
    ),
    (
        "regression",
        "y,x\n1,1\n2,2\n0,3\n",
        "fit DATA --family logistic_regression --response y --predictors x -k 1 --output OUT",
        2,
        &[
            "line 3",
            "must have a response of 0 or 1 (family logistic_regression)",
        ],
    ),
    (
        "regression",
        "y,x\n1,1\n2.5,2\n0,3\n",
        "fit DATA --family poisson_regression --response y --predictors x -k 1 --output OUT",
        2,
        &["line 3, column y: \"2.5\" is not a count"],
    ),
    (
        "regression",
        "y,x\n1,1\n2,2\n0,3\n",
        "fit DATA --family binomial_regression --response y --predictors x -k 1 --output OUT",
        2,
        &["family binomial_regression needs --set trials=NUMBER or --set trials=COLUMN"],
    ),
    (
        "regression",
        "y,x\n1,1\n2,2\n0,3\n",
        "fit DATA --family binomial_regression --response y --predictors x --set trials=1 -k 1 --output OUT",
        2,
        &["line 3", "must have no more successes than trials"],
    ),
    (
        "regression",
        "y,x\n1,1\n2,2\n0,3\n",
        "fit DATA --family binomial_regression --response y --predictors x --set trials=many -k 1 --output OUT",
        2,
        &["there is no column \"many\""],
    ),
    (
        "regression",
        "y,x\n1,1\n2,\n0,3\n",
        "fit DATA --family linear_regression --response y --predictors x --missing em -k 1 --output OUT",
        2,
        &["line 3, column x: --missing em is not available for a missing predictor"],
    ),
    (
        "regression",
        "y,x\n1,1e200\n2,2\n0,3\n",
        "fit DATA --family linear_regression --response y --predictors x -k 1 --output OUT",
        2,
        &["line 2", "must have finite predictors with finite squares"],
    ),
    (
        "regression",
        "y,x,z\n1,1,2\n2,2,4\n0,3,6\n5,4,8\n",
        "fit DATA --family linear_regression --response y --predictors x,z -k 1 --output OUT",
        1,
        &["component 0, term z, response y", "linear combination"],
    ),
    (
        "regression",
        "y,x\n1,1\n2,2\n3,3\n4,4\n",
        "fit DATA --family linear_regression --response y --predictors x -k 1 --output OUT",
        1,
        &["component 0, response y", "fit the responses exactly"],
    ),
    (
        "regression",
        TWO,
        "fit DATA --init-model MODEL --response b --output OUT",
        2,
        &["the options of regressions need --family or --part"],
    ),
    (
        "regression",
        TWO,
        "sample MODEL --predictors-from DATA",
        2,
        &["give the number of rows by -n N"],
    ),
    (
        "regression",
        TWO,
        "sample MODEL -n 3 --predictors-from DATA",
        2,
        &["is no regression, and needs no predictors"],
    ),
    (
        "model",
        TWO,
        "score @r.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"b\",\"a\"],\"parts\":[{\"family\":\"linear_regression\",\"columns\":[\"b\",\"a\"],\"regression\":{\"response\":\"b\",\"predictors\":[\"a\"]}}],\"weights\":[1],\"components\":[{\"coefficients\":[1],\"variance\":1}]} DATA",
        2,
        &["component 0: 1 coefficients for the 2 terms intercept, a"],
    ),
    (
        "model",
        TWO,
        "score @r.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"b\",\"a\"],\"parts\":[{\"family\":\"poisson_regression\",\"columns\":[\"b\",\"a\"],\"regression\":{\"response\":\"b\",\"predictors\":[\"a\"],\"terms\":[\"intercept\",\"a^2\"]}}],\"weights\":[1],\"components\":[{\"coefficients\":[1,1]}]} DATA",
        2,
        &["the terms intercept, a^2 are not those of the predictors, intercept, a"],
    ),
    (
        "model",
        TWO,
        "score @r.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"b\"],\"parts\":[{\"family\":\"poisson_regression\",\"columns\":[\"b\"]}],\"weights\":[1],\"components\":[{\"coefficients\":[1,1]}]} DATA",
        2,
        &["family poisson_regression is a regression: it needs a response and predictors"],
    ),
    // Rows of unequal length.
    (
        "ragged",
        "a,b,c\n1,2,3\n4,5\n6,7,8\n",
        FIT,
        2,
        &["line 3", "2 fields, 3 expected"],
    ),
    (
        "ragged",
        "a,b\n1,2\n3,4,5\n",
        FIT,
        2,
        &["line 3", "3 fields, 2 expected"],
    ),
    (
        "ragged",
        "a,b\r\n1,2\r\n\r\n3\r\n",
        FIT,
        2,
        &["line 4", "1 fields, 2 expected"],
    ),
    // Cells that are no numbers.
    (
        "text",
        "a,b\n1,2\n2,oops\n3,1\n",
        FIT,
        2,
        &["line 3", "column b", "\"oops\"", "not a number"],
    ),
    ("text", "a\n1\n2\n1,5\n", FIT, 2, &["line 4"]),
    ("text", "a\nx\ny\n", FIT, 2, &["no column holds a number"]),
    (
        "text",
        "a\nx\ny\n",
        "fit DATA --family normal --columns a -k 1",
        2,
        &["line 2", "\"x\""],
    ),
    (
        "infinite",
        "a\n1\ninf\n3\n",
        FIT,
        2,
        &["line 3", "column a", "\"inf\"", "not finite"],
    ),
    (
        "infinite",
        "a\n1\n-Infinity\n3\n",
        FIT,
        2,
        &["line 3", "not finite"],
    ),
    (
        "infinite",
        "a\n1\n1e999\n3\n",
        FIT,
        2,
        &["line 3", "1e999", "not finite"],
    ),
    // Missing cells.
    (
        "missing",
        "a\n1\nNaN\n3\n4\n",
        FIT,
        2,
        &["line 3", "column a", "NaN", "missing"],
    ),
    (
        "missing",
        "a,b\n1,2\n3,\n4,4\n",
        FIT,
        2,
        &["line 3", "column b", "empty", "missing"],
    ),
    (
        "missing",
        "a,b\n1,NA\n3,1\nNA,4\n",
        "fit DATA --family normal -k 3 --missing drop",
        2,
        &["k = 3", "1"],
    ),
    (
        "missing",
        "a,b\nNA,1\nnull,2\n",
        "fit DATA --family normal --columns a -k 1",
        2,
        &["column a", "every cell is missing"],
    ),
    (
        "missing",
        "a,w\n1,1\n2,\n3,1\n",
        "fit DATA --family normal -k 1 --row-weights w",
        2,
        &["line 3", "column w", "row weight is missing"],
    ),
    // Row weights.
    (
        "weights",
        "a,w\n1,1\n2,-0.5\n3,1\n",
        "fit DATA --family normal -k 1 --row-weights w",
        2,
        &["line 3", "column w", "-0.5", "negative"],
    ),
    (
        "weights",
        "a,w\n1,0\n2,0\n",
        "fit DATA --family normal -k 1 --row-weights w",
        2,
        &["no row has a positive weight"],
    ),
    (
        "weights",
        "a,w\n1,x\n2,1\n",
        "fit DATA --family normal -k 1 --row-weights w",
        2,
        &["line 2", "column w", "\"x\""],
    ),
    (
        "weights",
        "a,w\n1,1\n2,1\n3,0\n",
        "fit DATA --family normal -k 3 --row-weights w",
        2,
        &["k = 3", "2"],
    ),
    (
        "weights",
        TWO,
        "fit DATA --family normal -k 1 --row-weights w",
        2,
        &["no column \"w\"", "a, b"],
    ),
    // The number of components.
    (
        "components",
        TWO,
        "fit DATA --family normal -k 0",
        2,
        &["-k 0", "at least one component"],
    ),
    (
        "components",
        TWO,
        "fit DATA --family normal -k 10",
        2,
        &["k = 10", "number of rows", "5"],
    ),
    (
        "components",
        TWO,
        "fit DATA --family normal -k 99999999999999",
        2,
        &["k = 99999999999999"],
    ),
    ("components", TWO, "fit DATA --family normal", 2, &["-k"]),
    (
        "components",
        TWO,
        "fit DATA --family normal -k -1",
        2,
        &["-1"],
    ),
    (
        "components",
        "a\n1\n1\n1\n2\n2\n",
        "fit DATA --family normal -k 3",
        2,
        &["k = 3", "distinct rows"],
    ),
    // The model.
    ("model", TWO, "fit DATA -k 2", 2, &["--family", "--part"]),
    (
        "model",
        TWO,
        "fit DATA --family norml -k 2",
        2,
        &["norml", "normal", "poisson"],
    ),
    (
        "model",
        TWO,
        "fit DATA --family normal --columns a,c -k 2",
        2,
        &["no column \"c\""],
    ),
    (
        "model",
        TWO,
        "fit DATA --family normal --columns a,a -k 2",
        2,
        &["column a", "twice"],
    ),
    (
        "model",
        TWO,
        "fit DATA --part normal:a --part normal:a -k 2",
        2,
        &["column a", "twice"],
    ),
    (
        "model",
        TWO,
        "fit DATA --part normal -k 2",
        2,
        &["--part normal", "family and its columns"],
    ),
    (
        "model",
        TWO,
        "fit DATA --family normal --covariance full -k 2",
        2,
        &["--covariance full", "no part"],
    ),
    (
        "model",
        TWO,
        "fit DATA --part normal:a --columns b -k 2",
        2,
        &["--columns"],
    ),
    (
        "settings",
        TWO,
        "fit DATA --family binomial --columns a -k 2",
        2,
        &["binomial", "--set trials="],
    ),
    (
        "settings",
        TWO,
        "fit DATA --family normal -k 2 --set trials=3",
        2,
        &["trials", "no family"],
    ),
    (
        "settings",
        TWO,
        "fit DATA --family binomial --columns a -k 2 --set trials=-3",
        2,
        &["trials", "-3"],
    ),
    (
        "settings",
        TWO,
        "fit DATA --family normal -k 2 --set 7.df=3",
        2,
        &["no part 7"],
    ),
    (
        "settings",
        TWO,
        "fit DATA --family geometric --columns a -k 1 --set support=elsewhere",
        2,
        &["elsewhere"],
    ),
    // Values that a family refuses.
    (
        "support",
        "a\n1\n0\n3\n",
        "fit DATA --family log_normal -k 1",
        2,
        &["line 3", "column a", "\"0\"", "log_normal"],
    ),
    (
        "support",
        "a\n1\n-2\n3\n",
        "fit DATA --family exponential -k 1",
        2,
        &["line 3", "column a", "\"-2\""],
    ),
    (
        "support",
        "a\n0.5\n1\n0.2\n",
        "fit DATA --family beta -k 1",
        2,
        &["line 3", "column a", "\"1\""],
    ),
    (
        "support",
        "a\n1\n2.5\n3\n",
        "fit DATA --family poisson -k 1",
        2,
        &["line 3", "column a", "\"2.5\"", "whole number"],
    ),
    (
        "support",
        "a\n1\n-1\n3\n",
        "fit DATA --family poisson -k 1",
        2,
        &["line 3", "\"-1\""],
    ),
    (
        "support",
        "a\n1\n13\n3\n",
        "fit DATA --family binomial -k 1 --set trials=12",
        2,
        &["line 3", "\"13\""],
    ),
    (
        "support",
        "a\n1\n0\n2\n",
        "fit DATA --family bernoulli -k 1",
        2,
        &["line 4", "\"2\""],
    ),
    // No estimate.
    (
        "model",
        TWO,
        "fit DATA --family multivariate_t --set df=0 -k 1",
        2,
        &["df = 0", "must be between 1e-300 and 1e300"],
    ),
    (
        "model",
        TWO,
        "fit DATA --family multivariate_t --set df=few -k 1",
        2,
        &["df", "few", "must be a number"],
    ),
    (
        "estimate",
        "a,const\n1,3\n2,3\n3,3\n9,3\n",
        "fit DATA --family multivariate_t -k 1 --output OUT",
        1,
        &["component 0", "column const", "scale_matrix = 0"],
    ),
    (
        "model file",
        TWO,
        "score @m.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\",\"b\"],\"parts\":[{\"family\":\"multivariate_t\",\"columns\":[\"a\",\"b\"]}],\"weights\":[1],\"components\":[{\"location\":[0],\"scale_matrix\":[[1]],\"df\":4}]} DATA",
        2,
        &["component 0", "1 numbers for the 2 columns"],
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
    // Starts.
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
        "model",
        TWO,
        "fit DATA --components normal,poisson",
        2,
        &["normal", "poisson", "different kinds"],
    ),
    (
        "model",
        TWO,
        "fit DATA --components normal,gamma -k 2",
        2,
        &["-k"],
    ),
    (
        "model",
        TWO,
        "fit DATA --family gaussian --covariance EEX -k 1",
        2,
        &["EEX", "VVV"],
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
    (
        "missing",
        "a,b\n1,NA\n3,1\n2,4\n",
        "fit DATA --family gaussian -k 1 --missing em",
        2,
        &["column b", "--missing em", "--missing drop"],
    ),
    (
        "model file",
        TWO,
        "score @m.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\",\"b\"],\"parts\":[{\"family\":\"gaussian\",\"columns\":[\"a\",\"b\"]}],\"weights\":[1],\"components\":[{\"mean\":[0,0],\"covariance\":[[1,2],[2,1]]}]} DATA",
        2,
        &["component 0", "covariance"],
    ),
    (
        "model file",
        TWO,
        "score @m.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\",\"b\"],\"parts\":[{\"family\":\"gaussian\",\"columns\":[\"a\",\"b\"]}],\"weights\":[1],\"components\":[{\"mean\":[0],\"covariance\":[[1]]}]} DATA",
        2,
        &["component 0", "1 numbers for the 2 columns"],
    ),
    (
        "model file",
        TWO,
        "score @m.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\",\"b\"],\"parts\":[{\"family\":\"gaussian\",\"columns\":[\"a\",\"b\"]}],\"weights\":[1],\"components\":[{\"mean\":[0,0],\"covariance\":[[1,0],[0]]}]} DATA",
        2,
        &["component 0"],
    ),
    // Options.
    (
        "options",
        TWO,
        "fit DATA --family normal -k 2 --tolerance NaN",
        2,
        &["--tolerance", "NaN"],
    ),
    (
        "options",
        TWO,
        "fit DATA --family normal -k 2 --tolerance -1",
        2,
        &["-1"],
    ),
    (
        "options",
        TWO,
        "fit DATA --family normal -k 2 --restarts 0",
        2,
        &["--restarts"],
    ),
    (
        "options",
        TWO,
        "fit DATA --family normal -k 2 --acceleration warp",
        2,
        &["--acceleration", "warp"],
    ),
    (
        "options",
        TWO,
        "fit DATA --family normal -k 2 --algorithm stochastic",
        2,
        &["--algorithm", "stochastic"],
    ),
    (
        "options",
        TWO,
        "fit DATA --family normal -k 2 --init hierarchical",
        2,
        &["--init", "hierarchical"],
    ),
    (
        "options",
        TWO,
        "fit DATA --family normal -k 2 --no-such-option",
        2,
        &["--no-such-option"],
    ),
    (
        "output",
        TWO,
        "fit DATA --family normal -k 2 --output DIR",
        2,
        &["--output", "directory"],
    ),
    (
        "output",
        TWO,
        "fit DATA --family normal -k 2 --output DIR/none/m.json",
        2,
        &["--output", "folder does not exist"],
    ),
    // Model files.
    (
        "model file",
        TWO,
        "score @m.json={ DATA",
        2,
        &["m.json", "not a JSON file"],
    ),
    (
        "model file",
        TWO,
        "score @m.json={\"weights\":[1]} DATA",
        2,
        &["m.json", "not a model file"],
    ),
    (
        "model file",
        TWO,
        "score @m.json={\"format\":\"mixture-model\",\"version\":9} DATA",
        2,
        &["version 9"],
    ),
    (
        "model file",
        TWO,
        "score DIR/none.json DATA",
        2,
        &["none.json", "cannot be read"],
    ),
    (
        "model file",
        TWO,
        "show @m.json=MODEL[0.5,0.5]=>[0.5,0.4] ",
        2,
        &["sum of weights", "0.9"],
    ),
    (
        "model file",
        TWO,
        "show @m.json=MODEL[0.5,0.5]=>[1.5,-0.5] ",
        2,
        &["weight = 1.5"],
    ),
    (
        "model file",
        TWO,
        "show @m.json=MODEL[0.5,0.5]=>[1] ",
        2,
        &["1 weights for 2 components"],
    ),
    (
        "model file",
        TWO,
        "show @m.json=MODEL\"variance\":1}]=>\"variance\":0}] ",
        2,
        &["component 1", "variance = 0"],
    ),
    (
        "model file",
        TWO,
        "show @m.json=MODEL\"mean\":0=>\"mena\":0 ",
        2,
        &["component 0", "mena"],
    ),
    (
        "model file",
        TWO,
        "show @m.json=MODEL\"mean\":0=>\"mean\":\"inf\" ",
        2,
        &["component 0"],
    ),
    (
        "model file",
        TWO,
        "show @m.json=MODEL\"normal\"=>\"nomal\" ",
        2,
        &["no family is called nomal"],
    ),
    (
        "model file",
        TWO,
        "show @m.json=MODEL\"weights\"=>\"extra\":1,\"weights\" ",
        2,
        &["extra"],
    ),
    (
        "model file",
        TWO,
        "show @m.json=MODEL\"columns\":[\"a\"],\"parts\"=>\"columns\":[\"z\"],\"parts\" ",
        2,
        &["columns"],
    ),
    // Scoring.
    (
        "scoring",
        "b\n1\n",
        "score MODEL DATA",
        2,
        &["no column \"a\"", "b"],
    ),
    (
        "scoring",
        "a\nNA\n",
        "score MODEL DATA",
        2,
        &["line 2", "column a", "missing"],
    ),
    (
        "scoring",
        "a\n1\n",
        "predict MODEL DATA --keep z",
        2,
        &["no column \"z\""],
    ),
    (
        "scoring",
        "a\n1\n",
        "predict MODEL DATA --label-names",
        2,
        &["no names"],
    ),
    (
        "scoring",
        "a\n1\n",
        "predict MODEL DATA --label-names=x",
        2,
        &["1 names for 2"],
    ),
    (
        "scoring",
        "a\n1\n",
        "score MODEL DATA --row-weights a",
        2,
        &["--total"],
    ),
    (
        "levels",
        "a\nz\n",
        "score @m.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\"],\"parts\":[{\"family\":\"categorical\",\"columns\":[\"a\"],\"levels\":[\"x\",\"y\"]}],\"weights\":[1],\"components\":[{\"probabilities\":[0.5,0.5]}]} DATA",
        2,
        &["line 2", "column a", "\"z\"", "x, y"],
    ),
    (
        "levels",
        "a\nx\n",
        "score @m.json={\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\"],\"parts\":[{\"family\":\"categorical\",\"columns\":[\"a\"],\"levels\":[\"x\",\"y\"]}],\"weights\":[1],\"components\":[{\"probabilities\":[0.5,0.3,0.2]}]} DATA",
        2,
        &["3 probabilities for the 2 levels"],
    ),
    ("sampling", TWO, "sample MODEL", 2, &["-n"]),
    ("sampling", TWO, "sample MODEL -n -5", 2, &["-5"]),
    // A column or a key with two uses.
    (
        "two uses",
        TWO,
        "fit DATA --family normal --columns a,b --row-weights b -k 1",
        2,
        &["--row-weights b", "also"],
    ),
    (
        "two uses",
        TWO,
        "fit DATA --part normal:a --init-labels a -k 5",
        2,
        &["--init-labels a", "also"],
    ),
    (
        "two uses",
        TWO,
        "fit DATA --family binomial --set trials=9 --set trials=10 -k 1",
        2,
        &["--set trials", "twice"],
    ),
    // Negative numbers are values.
    (
        "negative",
        TWO,
        "fit DATA --family normal -k -1",
        2,
        &["'-1'", "-k", "whole number"],
    ),
    (
        "negative",
        TWO,
        "fit DATA --family normal -k 1 --tolerance -1e-3",
        2,
        &["'-1e-3'", "--tolerance", "at least 0"],
    ),
    (
        "output",
        TWO,
        "fit DATA --family normal -k 1 --output DIR/none/",
        2,
        &["the folder does not exist"],
    ),
    (
        "negative",
        TWO,
        "fit DATA --family normal -k 1 --tolerance -1",
        2,
        &["'-1'", "--tolerance", "at least 0"],
    ),
    (
        "negative",
        TWO,
        "fit DATA --family normal -k 1 --seed -1",
        2,
        &["'-1'", "--seed", "at least 0"],
    ),
    (
        "negative",
        TWO,
        "fit DATA --family normal -k 1 --max-iterations -1",
        2,
        &["'-1'", "--max-iterations", "at least 0"],
    ),
    (
        "negative",
        TWO,
        "fit DATA --family normal -k 1 --restarts -1",
        2,
        &["'-1'", "--restarts", "at least 1"],
    ),
    (
        "negative",
        TWO,
        "sample MODEL -n -1",
        2,
        &["'-1'", "-n", "at least 0"],
    ),
    (
        "negative",
        TWO,
        "sample MODEL -n 1 --seed -1",
        2,
        &["'-1'", "--seed"],
    ),
    // Labels and separators.
    (
        "start",
        "a\n1\n2\n",
        "fit DATA --family normal -k 1 --init-labels-file @l.csv=l\\nNA\\nNA\\n",
        2,
        &["l.csv", "every label is empty"],
    ),
    (
        "text",
        "a;b\n1;2\n3;4\n",
        FIT,
        2,
        &["no column holds a number", "commas", "semicolons"],
    ),
    (
        "text",
        "a\tb\n1\t2\n3\t4\n",
        FIT,
        2,
        &["no column holds a number", "commas", "tabs"],
    ),
    (
        "text",
        "a;b\n1;2\n3;4\n",
        "fit DATA --family normal --columns a -k 1",
        2,
        &["no column \"a\"", "commas", "semicolons"],
    ),
    // Rows of weight 0 are no rows.
    (
        "weights",
        "a,w\n1,0\n2,0\n3,1\n",
        "fit DATA --family normal --row-weights w -k 2",
        2,
        &["rows of positive weight, 1"],
    ),
];

#[test]
fn bad_input_ends_in_one_clear_sentence() {
    let folder = folder("bad_input");
    let output = folder.join("out.json");
    let mut classes = std::collections::BTreeSet::new();
    for (index, (class, data, command, code, words)) in ROWS.iter().enumerate() {
        classes.insert(class);
        let arguments = arguments(&folder, data, command);
        let run = mixture(&arguments);
        let what = format!("row {index} ({class}): {command}\n{}", run.stderr);
        assert_eq!(run.code, *code, "{what}");
        assert_eq!(run.stdout, "", "{what}");
        for word in *words {
            assert!(run.stderr.contains(word), "no \"{word}\" in {what}");
        }
        assert!(!run.stderr.contains("panicked"), "{what}");
        let errors = run
            .stderr
            .lines()
            .filter(|line| line.starts_with("error:"))
            .count();
        assert_eq!(errors, 1, "{what}");
        assert!(!output.exists(), "{what}");
    }
    let left: Vec<_> = std::fs::read_dir(&folder).expect("the folder").collect();
    let names = left.iter().flatten().map(|entry| entry.file_name());
    assert!(
        names
            .into_iter()
            .all(|name| !name.to_string_lossy().ends_with(".tmp"))
    );
    assert!(
        ROWS.len() >= 40 && classes.len() >= 12,
        "{} rows, {classes:?}",
        ROWS.len()
    );
}

/// The words of a command, with files in their places.
fn arguments(folder: &Path, data: &str, command: &str) -> Vec<String> {
    let path = write(folder, "data.csv", data);
    let model = write(folder, "model.json", NORMAL);
    let place = |word: &str| -> String {
        if let Some((name, text)) = word.strip_prefix('@').and_then(|word| word.split_once('=')) {
            let text = text.replace("\\n", "\n");
            return write(folder, name, edited(&text));
        }
        match word {
            "DATA" => path.clone(),
            "MODEL" => model.clone(),
            "OUT" => folder.join("out.json").display().to_string(),
            word => word.replace("DIR", &folder.display().to_string()),
        }
    };
    command.split_whitespace().map(place).collect()
}

/// `MODELold=>new` is the model with `old` replaced by `new`.
fn edited(text: &str) -> String {
    match text
        .strip_prefix("MODEL")
        .and_then(|edit| edit.split_once("=>"))
    {
        Some((old, new)) => {
            assert!(NORMAL.contains(old), "{old}");
            NORMAL.replacen(old, new, 1)
        }
        None => text.to_string(),
    }
}
