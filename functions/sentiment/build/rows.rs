//! Reads and checks the lexicon; `tests/lexicon.rs` includes this file to show what it refuses.

/// The first line of the file.
pub const HEADER: &str = "simbolo,sentimento,familia,fonte";

/// The variants of `Family` in `src/lexicon.rs`, each with the families of the specification that follow its rules.
const FAMILIES: [(&str, &[&str]); 7] = [
    ("Emoji", &["emoji_coracao", "emoji_festa", "emoji_gato", "emoji_gesto", "emoji_mao", "emoji_rosto"]),
    ("Spaced", &["espacado"]),
    ("Inverted", &["invertido"]),
    ("Kaomoji", &["kaomoji"]),
    ("TextHeart", &["coracao_texto"]),
    ("Face", &["alegria_lagrimas", "anjo", "beijo", "ceticismo", "choro", "lingua", "malicia"]),
    ("Face", &["oculos", "piscada", "raiva", "riso", "sorriso", "tristeza"]),
];

/// One row of the lexicon. The source of a symbol (`fonte`) is for people only.
#[derive(Debug, PartialEq)]
pub struct Row {
    pub simbolo: String,
    pub sentimento: String,
    pub family: &'static str,
}

/// Why a line is refused. Lines count from 1, which is the header.
#[derive(Debug, PartialEq)]
pub struct Problem {
    pub line: usize,
    pub reason: String,
}

/// Returns the rows in the order of the file, or every problem in it.
pub fn read(text: &str) -> Result<Vec<Row>, Vec<Problem>> {
    let mut rows: Vec<(usize, Row)> = Vec::new();
    let mut problems = Vec::new();
    let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    if lines.next() != Some(HEADER) {
        problems.push(Problem { line: 1, reason: format!("the header must be `{HEADER}`") });
    }
    for (line, text) in (2..).zip(lines) {
        match row(text).and_then(|row| in_order(row, &rows)) {
            Ok(row) => rows.push((line, row)),
            Err(reason) => problems.push(Problem { line, reason }),
        }
    }
    if rows.is_empty() && problems.is_empty() {
        problems.push(Problem { line: 2, reason: "the lexicon has no symbols".to_owned() });
    }
    if problems.is_empty() { Ok(rows.into_iter().map(|(_, row)| row).collect()) } else { Err(problems) }
}

/// Returns `row` if its symbol is greater than those of `rows`: the valid rows before it, each with its line number.
fn in_order(row: Row, rows: &[(usize, Row)]) -> Result<Row, String> {
    let Row { simbolo, sentimento, .. } = &row;
    if let Some((line, first)) = rows.iter().find(|(_, other)| other.simbolo == *simbolo) {
        return Err(if first.sentimento == *sentimento {
            format!("symbol `{simbolo}` is already on line {line}")
        } else {
            format!("symbol `{simbolo}` is {sentimento} here and {} on line {line}", first.sentimento)
        });
    }
    if rows.last().is_some_and(|(_, last)| last.simbolo > *simbolo) {
        return Err(format!("symbol `{simbolo}` is not in byte order; sort the rows by symbol"));
    }
    Ok(row)
}

fn row(line: &str) -> Result<Row, String> {
    let fields = fields(line)?;
    let [simbolo, sentimento, familia, fonte] =
        <[String; 4]>::try_from(fields).map_err(|fields| format!("expected 4 fields ({HEADER}), found {}", fields.len()))?;
    if simbolo.len() < 2 {
        return Err(format!("`simbolo` is `{simbolo}`; expected at least two bytes"));
    }
    if !["Positivo", "Negativo"].contains(&sentimento.as_str()) {
        return Err(format!("`sentimento` is `{sentimento}`; expected `Positivo` or `Negativo`"));
    }
    let Some((family, _)) = FAMILIES.iter().find(|(_, names)| names.contains(&familia.as_str())) else {
        let known = FAMILIES.map(|(_, names)| names.join(", ")).join(", ");
        return Err(format!("`familia` is `{familia}`; expected one of {known}"));
    };
    if fonte.is_empty() {
        return Err("`fonte` is empty; name the source of the symbol".to_owned());
    }
    Ok(Row { simbolo, sentimento, family })
}

/// Returns the fields of one line. The `csv` crate reads malformed quoting leniently, so a line is valid only if writing its
/// fields reproduces it.
fn fields(line: &str) -> Result<Vec<String>, String> {
    let mut record = csv::StringRecord::new();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    reader.read_record(&mut record).map_err(|error| error.to_string())?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&record).map_err(|error| error.to_string())?;
    let written = writer.into_inner().map_err(|error| error.to_string())?;
    let written = String::from_utf8_lossy(&written);
    match written.strip_suffix('\n') {
        Some(written) if written == line || record.is_empty() => Ok(record.iter().map(str::to_owned).collect()),
        _ => Err(format!("not quoted as in RFC 4180, or it ends in CR: read as `{}`", written.trim_end())),
    }
}
