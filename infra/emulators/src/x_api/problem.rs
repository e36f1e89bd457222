//! Error bodies in the format of the API.

use serde_json::{Value, json};

use super::vocabulary::Vocabulary;

/// A response other than 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub status: u16,
    pub body: Value,
}

/// An invalid parameter: its name, the value as sent, and the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invalid {
    pub parameter: String,
    pub value: String,
    pub message: String,
}

impl Invalid {
    pub fn new(parameter: &str, value: impl Into<String>, message: impl Into<String>) -> Self {
        Self { parameter: parameter.to_owned(), value: value.into(), message: message.into() }
    }
}

/// Returns a 400 with one entry in `errors` for each invalid parameter.
pub(super) fn invalid_request(vocabulary: Vocabulary, wrong: &[Invalid]) -> Problem {
    let errors: Vec<Value> =
        wrong.iter().map(|w| json!({ "parameters": { w.parameter.as_str(): [w.value] }, "message": w.message })).collect();
    Problem {
        status: 400,
        body: json!({
            "errors": errors,
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": vocabulary.problem("invalid-request"),
        }),
    }
}

/// Returns an entry for `errors` in a 200 response: a resource that was not found.
pub(super) fn not_found(vocabulary: Vocabulary, kind: &str, parameter: &str, id: &str) -> Value {
    let (kind, parameter) = (vocabulary.name_of(kind), vocabulary.name_of(parameter));
    json!({
        "value": id,
        "detail": format!("Could not find {kind} with {parameter}: [{id}]."),
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": id,
        "type": vocabulary.problem("resource-not-found"),
    })
}

/// Returns an entry for `errors` in a 200 response: a field that requires a user's token.
pub(super) fn not_authorized_for_field(vocabulary: Vocabulary, field: &str) -> Value {
    json!({
        "resource_type": vocabulary.name_of("tweet"),
        "field": field,
        "title": "Field Authorization Error",
        "section": "data",
        "detail": format!("Sorry, you are not authorized to access '{field}' on the requested resource."),
        "type": vocabulary.problem("not-authorized-for-field"),
    })
}
