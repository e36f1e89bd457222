//! What the build script accepts and refuses in a lexicon.

#[path = "../build/rows.rs"]
mod rows;

use rows::{HEADER, Problem, read};

#[test]
fn the_lexicon_is_accepted() {
    assert_eq!(read(include_str!("../lexicon.csv")).map(|rows| rows.len()), Ok(333));
}

#[test]
fn valid_rows_are_accepted() {
    for (record, symbol) in [
        (":),Positivo,sorriso,x", ":)"),
        ("\":,(\",Negativo,choro,x", ":,("),
        ("\"a\"\"b\",Negativo,choro,x", "a\"b"),
        (": ),Positivo,espacado,x", ": )"), // never trimmed
        (":),Positivo,sorriso,\"x, y\"", ":)"),
    ] {
        let rows = read(&format!("{HEADER}\n{record}\n")).unwrap();
        assert_eq!(rows.iter().map(|row| row.simbolo.as_str()).collect::<Vec<_>>(), [symbol], "{record}");
    }
}

#[test]
fn invalid_rows_are_refused_with_line_and_reason() {
    let unknown = "`familia` is `feliz`; expected one of ";
    for (records, line, reason) in [
        (":),Positivo,sorriso,x\n:),Positivo,riso,y", 3, "symbol `:)` is already on line 2"),
        (":),Positivo,sorriso,x\n:),Negativo,riso,y", 3, "symbol `:)` is Negativo here and Positivo on line 2"),
        (":),Positivo,feliz,x", 2, unknown),
        (":),Feliz,sorriso,x", 2, "`sentimento` is `Feliz`; expected `Positivo` or `Negativo`"),
        (":),Neutro,sorriso,x", 2, "`sentimento` is `Neutro`; expected `Positivo` or `Negativo`"),
        (":),Positivo,sorriso", 2, "expected 4 fields (simbolo,sentimento,familia,fonte), found 3"),
        (":),Positivo,sorriso,x,y", 2, "expected 4 fields (simbolo,sentimento,familia,fonte), found 5"),
        (":,(,Negativo,choro,x", 2, "expected 4 fields (simbolo,sentimento,familia,fonte), found 5"),
        ("", 2, "expected 4 fields (simbolo,sentimento,familia,fonte), found 0"),
        (",Positivo,sorriso,x", 2, "`simbolo` is ``; expected at least two bytes"),
        ("x,Positivo,sorriso,x", 2, "`simbolo` is `x`; expected at least two bytes"),
        (":),Positivo,sorriso,", 2, "`fonte` is empty; name the source of the symbol"),
        ("\":),Positivo,sorriso,x", 2, "not quoted as in RFC 4180"),
        ("\":)\"a,Positivo,sorriso,x", 2, "not quoted as in RFC 4180, or it ends in CR: read as `:)a,Positivo,sorriso,x`"),
        (":\"),Positivo,sorriso,x", 2, "not quoted as in RFC 4180"),
        (":),\"Positivo\",sorriso,x", 2, "not quoted as in RFC 4180"), // unnecessary quotes
        (":),Positivo,sorriso,x\r", 2, "not quoted as in RFC 4180, or it ends in CR"),
        ("bb,Positivo,riso,x\naa,Positivo,riso,x", 3, "symbol `aa` is not in byte order; sort the rows by symbol"),
    ] {
        let problems = read(&format!("{HEADER}\n{records}\n")).unwrap_err();
        let [Problem { line: found_line, reason: found }] = &problems[..] else {
            panic!("{records:?}: {problems:?}");
        };
        assert!(*found_line == line && found.starts_with(reason), "{records:?}: line {found_line}: {found}");
    }
}

#[test]
fn invalid_files_are_refused() {
    for (text, line) in [("", 1), ("symbol,sign\n:),Positivo,sorriso,x\n", 1), ("simbolo,sentimento,familia,fonte\n", 2)] {
        assert_eq!(read(text).unwrap_err()[0].line, line, "{text:?}");
    }
}

#[test]
fn every_problem_is_reported() {
    let problems = read(&format!("{HEADER}\n,Positivo,riso,x\naa,Positivo,riso,x\nbb,Talvez,riso,x\n")).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 4]);
}
