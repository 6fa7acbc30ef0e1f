//! Reading the tables of reference values.

/// One line: the family, its parameters in order, and the other fields as they stand.
pub struct Line {
    pub family: String,
    pub parameters: Vec<f64>,
    pub fields: Vec<String>,
}

/// The lines of a table `…family,"{""name"":number,…}",…`; fields before and after the parameters
/// are kept in order.
pub fn read(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for line in text.lines().skip(1) {
        let (before, rest) = line.split_once(",\"{").expect("parameters");
        let (inside, after) = rest.split_once("}\"").expect("parameters");
        let mut fields: Vec<String> = before.split(',').map(str::to_owned).collect();
        let parameters = inside
            .split(',')
            .map(|pair| pair.split_once(':').expect("name and number").1.trim())
            .map(|number| number.parse().expect("number"))
            .collect();
        fields.extend(after.trim_start_matches(',').split(',').map(str::to_owned));
        let family = fields
            .iter()
            .find(|field| {
                field.chars().next().is_some_and(char::is_alphabetic) && !field.contains('.')
            })
            .expect("family")
            .clone();
        lines.push(Line {
            family,
            parameters,
            fields,
        });
    }
    lines
}
