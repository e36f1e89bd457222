//! Reads and checks the lexicon; the tests include this file to show what it refuses.

use std::collections::HashMap;

/// The first line of the file.
pub const HEADER: &str = "simbolo,sentimento,familia,fonte";

/// The families of the specification, and the rules each one follows: the names of `Family` in `src/lexicon.rs`.
const FAMILIES: [(&str, &str); 23] = [
    ("alegria_lagrimas", "Face"),
    ("anjo", "Face"),
    ("beijo", "Face"),
    ("ceticismo", "Face"),
    ("choro", "Face"),
    ("coracao_texto", "TextHeart"),
    ("emoji_coracao", "Emoji"),
    ("emoji_festa", "Emoji"),
    ("emoji_gato", "Emoji"),
    ("emoji_gesto", "Emoji"),
    ("emoji_mao", "Emoji"),
    ("emoji_rosto", "Emoji"),
    ("espacado", "Spaced"),
    ("invertido", "Inverted"),
    ("kaomoji", "Kaomoji"),
    ("lingua", "Face"),
    ("malicia", "Face"),
    ("oculos", "Face"),
    ("piscada", "Face"),
    ("raiva", "Face"),
    ("riso", "Face"),
    ("sorriso", "Face"),
    ("tristeza", "Face"),
];

/// One row of the lexicon; the source of a symbol (`fonte`) is for people only.
#[derive(Debug, PartialEq)]
pub struct Row {
    pub simbolo: String,
    pub sentimento: String,
    pub family: &'static str,
}

/// Why a line is refused; lines count from 1, the header.
#[derive(Debug, PartialEq)]
pub struct Problem {
    pub line: usize,
    pub reason: String,
}

/// The rows in the order of the file, or every problem in it.
pub fn read(text: &str) -> Result<Vec<Row>, Vec<Problem>> {
    let mut rows: Vec<Row> = Vec::new();
    let mut problems = Vec::new();
    let mut seen: HashMap<String, (usize, String)> = HashMap::new();
    let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    if lines.next() != Some(HEADER) {
        problems.push(Problem { line: 1, reason: format!("the header must be `{HEADER}`") });
    }
    for (line, record) in (2..).zip(lines) {
        match row(record).and_then(|row| first_of_its_symbol(row, line, &mut seen)) {
            Ok(row) => {
                if rows.last().is_some_and(|last| last.simbolo > row.simbolo) {
                    let reason = format!("symbol `{}` is not in byte order; sort the rows by symbol", row.simbolo);
                    problems.push(Problem { line, reason });
                }
                rows.push(row);
            }
            Err(reason) => problems.push(Problem { line, reason }),
        }
    }
    if rows.is_empty() && problems.is_empty() {
        problems.push(Problem { line: 2, reason: "there is no symbol".to_owned() });
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

fn first_of_its_symbol(row: Row, line: usize, seen: &mut HashMap<String, (usize, String)>) -> Result<Row, String> {
    match seen.insert(row.simbolo.clone(), (line, row.sentimento.clone())) {
        None => Ok(row),
        Some((first, sentimento)) if sentimento == row.sentimento => Err(format!("symbol `{}` is already on line {first}", row.simbolo)),
        Some((first, sentimento)) => Err(format!("symbol `{}` is {} here and {sentimento} on line {first}", row.simbolo, row.sentimento)),
    }
}

fn row(record: &str) -> Result<Row, String> {
    if record.contains('\r') {
        return Err("lines must end in LF alone".to_owned());
    }
    let fields = fields(record)?;
    let [simbolo, sentimento, familia, fonte] =
        <[String; 4]>::try_from(fields).map_err(|fields| format!("expected 4 fields ({HEADER}), found {}", fields.len()))?;
    if simbolo.is_empty() {
        return Err("`simbolo` is empty".to_owned());
    }
    if !["Positivo", "Negativo"].contains(&sentimento.as_str()) {
        return Err(format!("`sentimento` is `{sentimento}`; expected `Positivo` or `Negativo`"));
    }
    let Some((_, family)) = FAMILIES.iter().find(|(name, _)| *name == familia) else {
        let known = FAMILIES.map(|(name, _)| name).join(", ");
        return Err(format!("`familia` is `{familia}`; expected one of {known}"));
    };
    if fonte.is_empty() {
        return Err("`fonte` is empty; say where the symbol comes from".to_owned());
    }
    Ok(Row { simbolo, sentimento, family })
}

/// The fields of one record, RFC 4180 quoting; a field never spans lines, since no symbol does.
fn fields(record: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = record;
    loop {
        let (field, after) = if let Some(quoted) = rest.strip_prefix('"') { quoted_field(quoted)? } else { plain_field(rest)? };
        fields.push(field);
        if after.is_empty() {
            return Ok(fields);
        }
        rest = after.strip_prefix(',').ok_or("text after a closing quote; expected a comma or the end of the line")?;
    }
}

fn plain_field(rest: &str) -> Result<(String, &str), String> {
    let (field, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
    if field.contains('"') {
        return Err(format!("field `{field}` holds a quote but does not start with one; quote it and double the quote"));
    }
    Ok((field.to_owned(), after))
}

/// A field after its opening quote, and what follows its closing one; `""` inside is one quote.
fn quoted_field(quoted: &str) -> Result<(String, &str), String> {
    let mut field = String::new();
    let mut rest = quoted;
    loop {
        let (before, after) = rest.split_once('"').ok_or("a quote is not closed on its line")?;
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(after_pair) => {
                field.push('"');
                rest = after_pair;
            }
            None => return Ok((field, after)),
        }
    }
}
