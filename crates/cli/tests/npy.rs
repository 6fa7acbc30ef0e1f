//! Arrays in .npy files: the same results as from a CSV file of the same numbers.

mod support;

use support::{folder, mixture, npy, succeed, write};

/// Numbers of single precision, so that every kind of file can hold them exactly: two clusters in two
/// columns, and a count.
fn rows() -> Vec<f64> {
    let mut values = Vec::new();
    for i in 0..700u32 {
        let wave = |step: u32| f64::from((i.wrapping_mul(step).wrapping_add(17)) % 101) / 64.0;
        let shift = if i % 3 == 0 { 2.5 } else { 0.0 };
        values.extend([wave(37) + shift, wave(71) - shift, f64::from(i * 7 % 11)]);
    }
    values
}

fn csv(values: &[f64], width: usize) -> String {
    let names: Vec<String> = (0..width).map(|j| format!("c{j}")).collect();
    let mut text = names.join(",") + "\n";
    for row in values.chunks_exact(width) {
        let cells: Vec<String> = row.iter().map(f64::to_string).collect();
        text.push_str(&(cells.join(",") + "\n"));
    }
    text
}

#[test]
fn arrays_give_the_same_bits_as_a_csv_file() {
    let folder = folder("npy_fits");
    let values = rows();
    let files = [
        write(&folder, "rows.csv", csv(&values, 3)),
        write(&folder, "doubles.npy", npy::doubles(&values, 3)),
        write(&folder, "singles.npy", npy::singles(&values, 3)),
    ];
    let models = [
        // All columns in order: doubles stay in the file.
        "--family gaussian -k 2",
        "--family gaussian --covariance tied -k 2 --threads 2",
        "--family gaussian --columns c1,c0 -k 2 --row-weights c2",
        "--family poisson --columns c2 -k 2 --max-iterations 20",
        "--part normal:c0 --part categorical:c2 -k 2 --max-iterations 20",
        "--family linear_regression --response c0 --predictors c1 -k 2 --max-iterations 20",
    ];
    for (m, options) in models.iter().enumerate() {
        let fit = |file: &String| {
            let model = folder.join(format!("{m}.json")).display().to_string();
            let arguments = format!("fit {file} {options} --format json --output {model}");
            let text = succeed(&arguments.split(' ').collect::<Vec<_>>());
            let score = succeed(&["score", &model, file]);
            let labels = succeed(&["predict", &model, file, "--keep", "c0,c2"]);
            (text, score, labels)
        };
        let expected = fit(&files[0]);
        for file in &files[1..] {
            assert!(fit(file) == expected, "{file} {options}");
        }
    }
}

#[test]
fn one_column_stays_in_the_file() {
    let folder = folder("npy_column");
    let values: Vec<f64> = rows().into_iter().step_by(3).collect();
    let text = write(&folder, "rows.csv", csv(&values, 1));
    let array = write(&folder, "rows.npy", npy::doubles(&values, 1));
    for family in ["normal", "uniform", "gamma"] {
        let fit = |file: &str| {
            let components = if family == "uniform" { "1" } else { "2" };
            mixture(&[
                "fit", file, "--family", family, "-k", components, "--format", "json",
            ])
        };
        let (a, b) = (fit(&text), fit(&array));
        assert_eq!((a.code, &a.stdout), (b.code, &b.stdout), "{family}");
    }
}

#[test]
fn wrong_arrays_are_named() {
    let folder = folder("npy_wrong");
    let values = rows();
    let good = npy::doubles(&values, 3);
    let with = |row: usize, value: f64| {
        let mut values = values.clone();
        values[3 * row + 1] = value;
        npy::doubles(&values, 3)
    };
    let cases = [
        (
            "short.npy",
            good[..good.len() - 1].to_vec(),
            "make a file of 16928 bytes",
        ),
        ("long.npy", [&good[..], &[0]].concat(), "16929"),
        ("text.npy", b"c0\n1\n2\n".to_vec(), "not a .npy file"),
        ("empty.npy", Vec::new(), "not a .npy file"),
        ("integers.npy", npy::header("<i8", 0, 3, 0), "<i8"),
        (
            "gap.npy",
            with(5, f64::NAN),
            "row 5, column c1: the cell is missing",
        ),
        (
            "infinite.npy",
            with(6, f64::INFINITY),
            "row 6, column c1: \"inf\" is not finite",
        ),
    ];
    for (name, bytes, word) in cases {
        let file = write(&folder, name, bytes);
        let run = mixture(&["fit", &file, "--family", "gaussian", "-k", "2"]);
        assert_eq!(run.code, 2, "{name}: {}", run.stderr);
        assert!(
            run.stderr.contains(word) && run.stderr.contains(name),
            "{}",
            run.stderr
        );
    }
    let file = write(&folder, "good.npy", &good);
    let run = mixture(&[
        "fit",
        &file,
        "--family",
        "normal",
        "--columns",
        "x",
        "-k",
        "2",
    ]);
    assert!(
        run.stderr.contains("the columns are c0, c1, c2"),
        "{}",
        run.stderr
    );
    let run = mixture(&["fit", "missing.npy", "--family", "normal", "-k", "2"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("cannot be read"), "{}", run.stderr);
    let gap = folder.join("gap.npy").display().to_string();
    succeed(&[
        "fit",
        &gap,
        "--family",
        "gaussian",
        "-k",
        "2",
        "--missing",
        "drop",
    ]);
}

#[test]
fn an_array_whose_numbers_are_not_aligned_is_read_all_the_same() {
    let folder = folder("npy_unaligned");
    let values = rows();
    let aligned = write(&folder, "aligned.npy", npy::doubles(&values, 3));
    let mut bytes = npy::header("<f8", values.len() / 3, 3, 1);
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    let unaligned = write(&folder, "unaligned.npy", bytes);
    let fit = |file: &str| {
        succeed(&[
            "fit", file, "--family", "gaussian", "-k", "2", "--format", "json",
        ])
    };
    assert_eq!(fit(&aligned), fit(&unaligned));
}
