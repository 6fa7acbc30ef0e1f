//! What options say.

use crate::args::{Arguments, Command};
use crate::choose;
use crate::dialect::Dialect;
use crate::known::fixed;
use crate::read::Sheet;
use clap::Parser;

/// Data for the columns that options may name.
const DATA: &str =
    "a,b,c,d,e\n1,0.5,x,3,2000-01-01\n2,1.5,y,0,2000-01-02\n3,0.25,x,7,NA\n4,0.125,z,1,\n";

/// Takes the lines of a text for the words of a command, and makes the model that they name.
pub fn options(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let words = std::iter::once("mixture").chain(text.lines());
    let Ok(arguments) = Arguments::try_parse_from(words) else {
        return;
    };
    let Command::Fit(fit) = arguments.command else {
        return;
    };
    let dialect = Dialect::default();
    let sheet = Sheet::of_text("data.csv", DATA.into(), &dialect, None);
    let sheet = sheet.expect("the data can be read");
    // What is refused is refused with a sentence.
    let _ = fixed(&fit, 2);
    let _ = fit.priors.chosen(false);
    if let Ok(specification) = choose::specification(&fit, &sheet) {
        // Memory for components is taken where the rows bear them.
        let _ = specification.template(2);
    }
}
