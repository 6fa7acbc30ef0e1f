//! What is said of the candidates: a table for people, JSON, CSV.

use crate::failure::Failure;
use crate::grid::{Grid, fixed};
use crate::select::assess::{Choice, Chosen};
use crate::select::candidate::Candidate;
use crate::select::criterion::{Method, sabic_of};
use crate::select::likelihood_ratio::Tested;
use crate::write::number;
use em::select::LikelihoodRatioTest;
use serde_json::{Value, json};

/// How many candidates the table for people shows.
const SHOWN: usize = 20;

/// All candidates in the order in which they are reported.
pub struct Report<'a> {
    /// How they were compared.
    pub method: Method,
    /// The candidates.
    pub rows: Vec<Row<'a>>,
    /// The best.
    pub best: Option<&'a Choice>,
    /// The command of the best.
    pub command: Option<String>,
}

/// One candidate.
pub struct Row<'a> {
    candidate: &'a Candidate,
    fit: Option<&'a Choice>,
    rank: Option<usize>,
    value: Option<f64>,
    difference: Option<f64>,
    test: Option<&'a LikelihoodRatioTest<Failure>>,
    reason: Option<String>,
    /// The least value that it can have, where it was left out for that.
    least: Option<f64>,
}

/// The rows of a ranking: ranked, unranked, failed, abandoned.
pub fn rows(chosen: &Chosen) -> Vec<Row<'_>> {
    let ranked = chosen
        .ranking
        .ranked
        .iter()
        .enumerate()
        .map(|(place, ranked)| Row {
            candidate: &ranked.candidate,
            fit: Some(&ranked.fit),
            rank: Some(place + 1),
            value: Some(ranked.value),
            difference: Some(ranked.difference),
            test: None,
            reason: None,
            least: None,
        });
    let unranked = chosen.ranking.unranked.iter().map(|listed| Row {
        candidate: &listed.candidate,
        fit: Some(&listed.fit),
        rank: None,
        value: Some(listed.value),
        difference: None,
        test: None,
        reason: Some(listed.objection.to_string()),
        least: None,
    });
    let failed = chosen.ranking.failed.iter().map(|failed| Row {
        candidate: &failed.candidate,
        fit: None,
        rank: None,
        value: None,
        difference: None,
        test: None,
        reason: Some(failed.error.sentence().to_string()),
        least: None,
    });
    let abandoned = chosen.abandoned.iter().map(|(candidate, least)| Row {
        candidate,
        fit: None,
        rank: None,
        value: None,
        difference: None,
        test: None,
        reason: Some(format!("cannot be below {}: not fitted", fixed(*least, 3))),
        least: Some(*least),
    });
    ranked
        .chain(unranked)
        .chain(failed)
        .chain(abandoned)
        .collect()
}

/// The rows of a sequence of tests, in the order of the numbers of components.
pub fn tested_rows(tested: &[Tested], chosen: usize) -> Vec<Row<'_>> {
    let rows = tested.iter().enumerate();
    rows.map(|(place, tested)| Row {
        candidate: &tested.candidate,
        fit: Some(&tested.choice),
        rank: (place == chosen).then_some(1),
        value: None,
        difference: None,
        test: tested.test.as_ref(),
        reason: None,
        least: None,
    })
    .collect()
}

impl Report<'_> {
    /// The table for people.
    pub fn text(&self) -> String {
        let mut text = match self.rows.iter().any(|row| row.test.is_some()) {
            true => self.tests(),
            false => self.ranking(),
        };
        if let Some(command) = &self.command {
            text.push_str(&format!("\nthe best is made by\n  {command}\n"));
        }
        text
    }

    fn ranking(&self) -> String {
        let of = |wanted: fn(&Row<'_>) -> bool| self.rows.iter().filter(move |row| wanted(row));
        let (ranked, unranked, failed) = (
            of(|row| row.rank.is_some()).count(),
            of(|row| row.rank.is_none() && row.fit.is_some()).count(),
            of(|row| row.is_failed()).count(),
        );
        let abandoned = match self.method.abandon {
            true => format!(", {} abandoned", of(|row| row.least.is_some()).count()),
            false => String::new(),
        };
        let mut text = format!(
            "by {}, smaller is better: {ranked} ranked, {unranked} not ranked, {failed} failed{abandoned}\n\n",
            self.method.name()
        );
        let names = ["model", "components", "parameters", "log-likelihood"];
        let mut header: Vec<String> = names.map(String::from).to_vec();
        header.extend([self.method.name(), "difference".into(), "stopped".into()]);
        let mut grid = Grid::new(header);
        for row in of(|row| row.rank.is_some()).take(SHOWN) {
            grid.row(row.cells());
        }
        text.push_str(&grid.text());
        if ranked > SHOWN {
            text.push_str(&format!(
                "  and {} more: --table FILE.csv has all\n",
                ranked - SHOWN
            ));
        }
        for (title, rows) in [
            (
                "not ranked",
                of(|row| row.rank.is_none() && row.fit.is_some()).collect::<Vec<_>>(),
            ),
            ("failed", of(|row| row.is_failed()).collect()),
            ("abandoned", of(|row| row.least.is_some()).collect()),
        ] {
            if !rows.is_empty() {
                text.push_str(&format!("\n{title}\n"));
            }
            for row in rows {
                text.push_str(&format!(
                    "  {} with {}: {}\n",
                    row.candidate.model(),
                    row.candidate.count,
                    row.reason.as_deref().unwrap_or_default()
                ));
            }
        }
        text
    }

    fn tests(&self) -> String {
        let level = self.method.level.unwrap_or(0.05);
        let mut text = format!(
            "likelihood-ratio tests against the next number of components, level {level}\n\n"
        );
        let header = [
            "components",
            "parameters",
            "log-likelihood",
            "statistic",
            "p-value",
            "error",
            "replicates",
        ];
        let mut grid = Grid::new(header.map(String::from).to_vec());
        for row in &self.rows {
            let Some(choice) = row.fit else { continue };
            let mut cells = vec![
                row.candidate.count.to_string(),
                choice.record.parameters.to_string(),
                fixed(choice.record.log_likelihood, 4),
            ];
            if let Some(test) = row.test {
                cells.extend([
                    fixed(test.statistic, 4),
                    fixed(test.p_value(), 4),
                    fixed(test.standard_error(), 4),
                    test.null_statistics.len().to_string(),
                ]);
            }
            grid.row(cells);
        }
        text.push_str(&grid.text());
        for row in &self.rows {
            let failures = row.test.map_or(0, |test| test.failures.len());
            if failures > 0 {
                text.push_str(&format!(
                    "  with {}: {failures} replicates could not be fitted and are left out\n",
                    row.candidate.count
                ));
            }
        }
        text
    }

    /// All of it as JSON.
    pub fn json(&self) -> Value {
        let of = |wanted: fn(&Row<'_>) -> bool| -> Vec<Value> {
            let rows = self.rows.iter().filter(|row| wanted(row));
            rows.map(Row::json).collect()
        };
        if self.rows.iter().any(|row| row.test.is_some()) {
            return json!({
                "criterion": self.method.name(),
                "level": self.method.level.unwrap_or(0.05),
                "tested": of(|_| true),
                "command": self.command,
            });
        }
        let mut all = json!({
            "criterion": self.method.name(),
            "ranked": of(|row| row.rank.is_some()),
            "unranked": of(|row| row.rank.is_none() && row.fit.is_some()),
            "failed": of(|row| row.is_failed()),
            "command": self.command,
        });
        if self.method.abandon {
            all["abandoned"] = of(|row| row.least.is_some()).into();
        }
        all
    }

    /// A line for each candidate.
    pub fn csv(&self) -> Result<String, Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let wrong = |error: csv::Error| Failure::input(format!("--table: {error}"));
        writer.write_record(COLUMNS).map_err(wrong)?;
        for row in &self.rows {
            let saved = row.json();
            let cells = COLUMNS.iter().map(|column| match &saved[*column] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                Value::Number(value) => value.as_f64().map_or_else(
                    || value.to_string(),
                    |whole| {
                        if value.is_f64() {
                            number(whole)
                        } else {
                            value.to_string()
                        }
                    },
                ),
                other => other.to_string(),
            });
            writer.write_record(cells).map_err(wrong)?;
        }
        let bytes =
            (writer.into_inner()).map_err(|error| Failure::input(format!("--table: {error}")))?;
        String::from_utf8(bytes).map_err(|error| Failure::input(format!("--table: {error}")))
    }
}

/// The columns of `--table`.
const COLUMNS: [&str; 22] = [
    "rank",
    "family",
    "covariance",
    "components",
    "value",
    "difference",
    "log_likelihood",
    "parameters",
    "aic",
    "bic",
    "icl",
    "sabic",
    "held_out_log_likelihood",
    "held_out_standard_error",
    "statistic",
    "p_value",
    "p_value_standard_error",
    "iterations",
    "stop_reason",
    "starts_near_best",
    "reason",
    "command",
];

impl Row<'_> {
    /// Whether it could not be fitted.
    fn is_failed(&self) -> bool {
        self.fit.is_none() && self.least.is_none()
    }
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.candidate.model(), self.candidate.count.to_string()];
        if let Some(choice) = self.fit {
            let record = &choice.record;
            cells.extend([
                record.parameters.to_string(),
                fixed(record.log_likelihood, 3),
                fixed(self.value.unwrap_or(f64::NAN), 3),
                fixed(self.difference.unwrap_or(f64::NAN), 3),
                record.stop_reason.clone(),
            ]);
        }
        cells
    }

    fn json(&self) -> Value {
        let candidate = self.candidate;
        let mut saved = serde_json::Map::new();
        let mut say = |name: &str, value: Value| {
            if !value.is_null() {
                saved.insert(name.into(), value);
            }
        };
        say("rank", json!(self.rank));
        say("family", json!(candidate.family));
        say("covariance", json!(candidate.covariance));
        say("components", json!(candidate.count));
        say("value", json!(self.value));
        say("least_value", json!(self.least));
        say("difference", json!(self.difference));
        if let Some(choice) = self.fit {
            let record = &choice.record;
            say("log_likelihood", json!(record.log_likelihood));
            say("parameters", json!(record.parameters));
            say("aic", json!(record.aic));
            say("bic", json!(record.bic));
            say("icl", json!(record.icl));
            say("sabic", json!(sabic_of(record)));
            if let Some(held_out) = &choice.held_out {
                say("held_out_log_likelihood", json!(held_out.log_likelihood()));
                say("held_out_standard_error", json!(held_out.standard_error()));
            }
            if let Some(test) = self.test {
                say("statistic", json!(test.statistic));
                say("p_value", json!(test.p_value()));
                say("p_value_standard_error", json!(test.standard_error()));
                say("replicates", json!(test.null_statistics.len()));
                say("failed_replicates", json!(test.failures.len()));
            }
            say("iterations", json!(record.iterations));
            say("stop_reason", json!(record.stop_reason));
            say("starts_near_best", json!(record.starts_near_best));
        }
        say("reason", json!(self.reason));
        say("command", json!(candidate.command(None)));
        Value::Object(saved)
    }
}
