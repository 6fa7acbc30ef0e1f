//! Passes over the data of each acceleration scheme, the table of docs/em.md:
//! `cargo run --release -p mixture-em --example passes`

#[path = "../tests/regression_data/mod.rs"]
mod regression_data;
#[path = "../tests/slow_problems/mod.rs"]
mod slow_problems;

fn main() {
    println!("| problem | plain EM | SQUAREM | DAAREM |\n|---|---|---|---|");
    for row in slow_problems::all() {
        let cells = row.passes.map(|passes| match passes {
            Ok(passes) => passes.to_string(),
            Err(higher) => format!("another maximum ({higher:+.4})"),
        });
        println!("| {} | {} |", row.problem, cells.join(" | "));
    }
}
