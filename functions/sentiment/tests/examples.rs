//! The worked examples of the specification, read from the document itself.

use sentiment::{Label, label};

const SPECIFICATION: &str = include_str!("../../../docs/sentiment.md");

#[test]
fn worked_examples() {
    let examples: Vec<[String; 5]> = SPECIFICATION.lines().filter_map(example).collect();
    assert_eq!(examples.len(), 47, "rows of docs/sentiment.md that begin with a number");
    for [number, text, sentimento, simbolo, rule] in &examples {
        let Label { sentimento: labelled, simbolo: found } = label(text);
        let expected = (sentimento.as_str(), simbolo.as_str());
        assert_eq!((labelled.as_str(), found.unwrap_or("null")), expected, "example {number}, {rule}: {text}");
    }
}

/// Splits a row of the table of examples into its five cells; a `|` inside a cell is written `\|`.
fn example(line: &str) -> Option<[String; 5]> {
    let cells: Vec<String> = line.replace(r"\|", "\0").split('|').map(|cell| cell.trim().trim_matches('`').replace('\0', "|")).collect();
    let [_, number, text, sentimento, simbolo, rule, _] = <[String; 7]>::try_from(cells).ok()?;
    number.parse::<u8>().is_ok().then_some([number, text, sentimento, simbolo, rule])
}
