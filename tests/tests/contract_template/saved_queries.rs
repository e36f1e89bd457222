//! The deployed questions of `infra/athena`: saved queries, and views in the form that Athena itself writes.

use std::path::{Path, PathBuf};

use aws_smithy_types::base64;
use chrono::DateTime;
use local::sql::{Session, VIEWS};
use serde_json::{Value, json};

use crate::cloudformation::{Template, read, text};
use crate::{arrow_columns, glue_columns, partition_columns};

const PATH: &str = "infra/stacks/questions.yaml";
const BEGINS: &str = r#"# Written by `UPDATE_EXPECT=1 cargo test -p pipeline-tests --test contract_template` from infra/athena. Change that, not this.
# Nested in template.yaml as `Questions`, which passes the parameters: none has a default of its own, and none can be empty.
AWSTemplateFormatVersion: "2010-09-09"
Description: "xpto-tweets: views over table tweets, and saved queries of Athena."

Parameters:
  Prefix: { Type: String, MinLength: 1 }
  Database: { Type: String, MinLength: 1 }
  WorkGroup: { Type: String, MinLength: 1 }

Resources:
"#;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names and texts of the SQL files in a folder, sorted by name.
fn files(folder: &str) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    paths.sort();
    paths.iter().map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())).collect()
}

fn title(sql: &str) -> &str {
    sql.lines().next().and_then(|line| line.strip_prefix("-- ")).expect("a file begins with a comment")
}

/// Returns `MaisCurtidos` for `mais_curtidos`.
fn logical(name: &str) -> String {
    name.split('_').map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

/// The names, Glue types and Trino types of the columns of a view.
fn view_columns(view: &str) -> Vec<(String, String, String)> {
    let all = [arrow_columns(), partition_columns()].concat();
    let columns = match view {
        "palavras" => {
            let of = |name: &str| all.iter().find(|column| column.0 == name).cloned().unwrap();
            let word = ("palavra".to_owned(), "string".to_owned());
            [of("id"), of("criado_em"), of("capturado_em"), word, of("ano"), of("mes"), of("dia")].to_vec()
        }
        _ => all,
    };
    let trino = |glue: &str| {
        match glue {
            "string" => "varchar",
            "timestamp" => "timestamp(3)",
            "array<string>" => "array(varchar)",
            "int" => "integer",
            same => same,
        }
        .to_owned()
    };
    columns.into_iter().map(|(name, glue)| (name, glue.clone(), trino(&glue))).collect()
}

/// Returns JSON in ASCII: CloudFormation may replace other characters in a template with `?`.
fn ascii(json: &Value) -> String {
    let mut text = String::new();
    for char in json.to_string().chars() {
        if char.is_ascii() {
            text.push(char);
        } else {
            text.extend(char.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

/// Returns the text of the template.
fn written() -> String {
    let mut template = BEGINS.to_owned();
    for (name, sql) in VIEWS {
        let columns = view_columns(name);
        let glue = columns.iter().map(|(name, glue, _)| format!("            - {{ Name: {name}, Type: {glue} }}\n"));
        let trino: Vec<_> = columns.iter().map(|(name, _, trino)| json!({ "name": name, "type": trino })).collect();
        let view = json!({ "originalSql": sql, "catalog": "awsdatacatalog", "schema": "${Database}", "columns": trino });
        template += &format!(
            "  {logical}View:\n    Type: AWS::Glue::Table\n    Properties:\n      CatalogId: !Ref AWS::AccountId\n      \
             DatabaseName: !Ref Database\n      TableInput: # without a Description: Trino takes it for the comment that makes a table a view\n        \
             Name: {name}\n        Owner: !Ref Prefix # Trino runs a view as its owner\n        TableType: VIRTUAL_VIEW\n        \
             Parameters: {{ presto_view: \"true\", comment: Presto View }}\n        PartitionKeys: []\n        StorageDescriptor:\n          SerdeInfo: {{}}\n          Columns:\n{glue}        \
             ViewExpandedText: /* Presto View */\n        ViewOriginalText: !Join\n          - \"\"\n          - - \"/* Presto View: \"\n            \
             - Fn::Base64: !Sub |-\n                {view}\n            - \" */\"\n\n",
            logical = logical(name),
            glue = glue.collect::<String>(),
            view = ascii(&view),
        );
    }
    for (name, sql) in files("infra/athena") {
        let lines = sql.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("        {line}\n") });
        template += &format!(
            "  {}Query:\n    Type: AWS::Athena::NamedQuery\n    Properties:\n      Name: {name}\n      Description: {}\n      \
             Database: !Ref Database\n      WorkGroup: !Ref WorkGroup\n      QueryString: |\n{}\n",
            logical(&name),
            json!(title(&sql)),
            lines.collect::<String>(),
        );
    }
    template.truncate(template.trim_end().len());
    template + "\n"
}

#[test]
fn the_template_is_generated_from_the_files() {
    let wanted = written();
    let is_current = read(PATH).is_some_and(|template| template == wanted);
    if !is_current && std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(root().join(PATH), &wanted).unwrap();
    } else {
        assert!(is_current, "{PATH} differs from infra/athena; its first line has the command that writes it");
    }
}

/// Compares the queries as parsed from YAML.
#[test]
fn every_saved_query_is_its_file_byte_by_byte() {
    let root = Template::read();
    let template = root.nested("Questions");
    let resources = template.section("Resources");
    let saved = resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::Athena::NamedQuery");
    let mut saved: Vec<_> = saved
        .map(|(logical, _)| {
            let query = template.resource(logical);
            assert_eq!(text(&query["Database"]), text(&root.resource("TweetsTable")["DatabaseName"]));
            assert_eq!(text(&query["WorkGroup"]), text(&root.resource("WorkGroup")["Name"]));
            assert!(text(&query["QueryString"]).len() <= 262_144 && text(&query["Description"]).len() <= 1_024); // Athena's limits
            assert_eq!(text(&query["Description"]), title(&text(&query["QueryString"])));
            (text(&query["Name"]), text(&query["QueryString"]))
        })
        .collect();
    saved.sort();
    assert_eq!(saved, files("infra/athena"));
}

/// Decodes the view as Athena does.
fn decoded(table: &Value) -> Value {
    let original = text(&table["ViewOriginalText"]);
    let encoded = original.strip_prefix("/* Presto View: ").and_then(|rest| rest.strip_suffix(" */")).expect("Athena's form of a view");
    let json = base64::decode(encoded).unwrap();
    assert!(json.is_ascii());
    serde_json::from_slice(&json).unwrap()
}

#[tokio::test]
async fn every_view_decodes_to_its_file_and_runs() {
    let template = Template::read().nested("Questions");
    let dir = tempfile::tempdir().unwrap();
    let raw = br#"{"data":[{"id":"1","created_at":"2026-11-23T00:00:00.000Z","text":"primeira palavra"},
        {"id":"2","edit_history_tweet_ids":["1","2"],"created_at":"2026-11-23T00:01:00.000Z","text":"segunda"}]}"#;
    for object in refine::refine("tweets/a.json", raw, tweets::Years::DEFAULT).unwrap().objects {
        let path = dir.path().join(&object.key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &object.bytes).unwrap();
    }
    let session = Session::open(dir.path(), DateTime::UNIX_EPOCH).await.unwrap();
    let views = files("infra/athena/views");
    assert_eq!(views.len(), VIEWS.len());
    for (name, sql) in views {
        let table = template.resource(&format!("{}View", logical(&name)))["TableInput"].clone();
        let view = decoded(&table);
        assert_eq!((text(&table["Name"]), text(&view["originalSql"])), (name.clone(), sql));
        assert_eq!((text(&view["catalog"]), text(&view["schema"])), ("awsdatacatalog".into(), "xpto_lake".into()));
        assert_eq!((text(&table["TableType"]), text(&table["Parameters"]["presto_view"])), ("VIRTUAL_VIEW".into(), "true".into()));
        assert_eq!(text(&table["ViewExpandedText"]), "/* Presto View */");
        assert_eq!((&table["Description"], &table["PartitionKeys"]), (&Value::Null, &json!([]))); // with a description, Trino does not recognise a view

        let rows = session.query(&text(&view["originalSql"])).await.unwrap();
        let (count, columns) = (rows.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>(), rows[0].schema());
        assert_eq!(count, if name == "palavras" { 3 } else { 1 });
        let names: Vec<_> = columns.fields().iter().map(|field| field.name().clone()).collect();
        let declared = view_columns(&name);
        assert_eq!(names, declared.iter().map(|column| column.0.clone()).collect::<Vec<_>>());
        let glue: Vec<_> = declared.iter().map(|(name, glue, _)| (name.clone(), glue.clone())).collect();
        assert_eq!(glue_columns(&table["StorageDescriptor"]["Columns"]), glue);
        let trino: Vec<_> = declared.iter().map(|(name, _, trino)| json!({ "name": name, "type": trino })).collect();
        assert_eq!(view["columns"], Value::from(trino));
    }
}

#[test]
fn the_view_omits_the_words_of_the_list() {
    let list = read("infra/athena/palavras_vazias.txt").unwrap();
    let list: Vec<&str> = list.lines().collect();
    assert!(list.is_sorted() && list.iter().all(|word| word.chars().count() > 1 && word.chars().all(char::is_lowercase)), "{list:?}");
    let (_, in_sql) = VIEWS[1].1.split_once("NOT IN (").unwrap();
    let in_sql: Vec<&str> = in_sql.trim().trim_end_matches(')').split(',').map(|word| word.trim().trim_matches('\'')).collect();
    assert_eq!(in_sql, list);
}
