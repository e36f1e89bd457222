//! The bytes of REF: their contents, and that they hold everything that RAW holds (INV-3).

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

mod read;

use bytes::Bytes;
use expect_test::{Expect, expect};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use proptest::prelude::*;
use read::rows;
use rows::{LEXICON_VERSION, REFINE_VERSION, RefObject, refine, schema};
use serde_json::{Map, Value, json};

const RAW_KEY: &str = "tweets/ano=2026/mes=11/dia=23/2026-11-23T23-59Z_5_9.json";

fn refined(document: &Value) -> Vec<RefObject> {
    refine(RAW_KEY, document.to_string().as_bytes(), tweets::Years::DEFAULT).unwrap().objects
}

fn one_row(document: &Value) -> Map<String, Value> {
    rows(&refined(document)[0].bytes).remove(0)
}

#[track_caller]
fn check(document: &Value, want: Expect) {
    want.assert_eq(&serde_json::to_string_pretty(&one_row(document)).unwrap());
}

#[test]
fn a_tweet_with_everything_fills_every_column() {
    let tweet = json!({
        "id": "1992900000000000007", "created_at": "2026-11-23T23:59:59.000Z", "author_id": "11", "conversation_id": "12", "lang": "pt",
        "text": "o come\u{e7}o\u{2026}", "note_tweet": {"text": "o come\u{e7}o e o fim &lt;3 &amp;lt;"},
        "possibly_sensitive": false, "edit_history_tweet_ids": ["1992900000000000001", "1992900000000000007"],
        "referenced_tweets": [{"type": "quoted", "id": "13"}, {"type": "replied_to", "id": "14"}],
        "public_metrics": {"like_count": 1, "reply_count": 2, "retweet_count": 3, "quote_count": 4, "bookmark_count": 5, "impression_count": 6},
        "entities": {
            "hashtags": [{"tag": "STF"}, {"tag": "Educa\u{e7}\u{e3}o"}], "mentions": [{"username": "planalto"}],
            "urls": [{"url": "https://t.co/a", "expanded_url": "https://example.com/a"}, {"url": "https://t.co/b"}, {}],
        },
    });
    let document = json!({
        "data": [tweet],
        "includes": {"users": [{"id": "11", "username": "ana", "name": "Ana \u{1f600}"}]},
        "capture": {"captured_at": "2026-11-24T00:01:00.250Z", "requested": ["id"]},
    });
    check(
        &document,
        expect![[r#"
            {
              "arquivo_raw": "tweets/ano=2026/mes=11/dia=23/2026-11-23T23-59Z_5_9.json",
              "autor_id": 11,
              "autor_nome": "Ana 😀",
              "autor_usuario": "ana",
              "capturado_em": 1795478460250,
              "citacoes": 4,
              "conversa_id": 12,
              "criado_em": 1795478399000,
              "curtidas": 1,
              "hashtags": [
                "STF",
                "Educação"
              ],
              "id": 1992900000000000007,
              "id_original": 1992900000000000001,
              "idioma": "pt",
              "impressoes": 6,
              "mencoes": [
                "planalto"
              ],
              "referenciado_id": 14,
              "respostas": 2,
              "retweets": 3,
              "salvos": 5,
              "sensivel": false,
              "sentimento": "Positivo",
              "simbolo": "<3",
              "texto": "o começo e o fim <3 &lt;",
              "tipo": "resposta",
              "urls": [
                "https://example.com/a",
                "https://t.co/b"
              ]
            }"#]],
    );
    assert_eq!(one_row(&document).len(), schema().fields().len());
}

#[test]
fn what_was_not_sent_is_null() {
    check(
        &json!({"data": [{"id": "7", "created_at": "2026-11-23T23:59:59Z", "edit_controls": {}}]}),
        expect![[r#"
            {
              "arquivo_raw": "tweets/ano=2026/mes=11/dia=23/2026-11-23T23-59Z_5_9.json",
              "criado_em": 1795478399000,
              "id": 7,
              "id_original": 7,
              "sentimento": "Neutro"
            }"#]],
    );
}

#[test]
fn columns_follow_their_source() {
    for (tweet, column, want) in [
        (json!({"text": "a"}), "texto", json!("a")),
        (json!({"text": ""}), "texto", json!("")),
        (json!({"text": "a", "note_tweet": {"text": ""}}), "texto", json!("a")), // an empty note counts as absent
        (json!({"text": "a", "note_post": {"text": "b"}, "note_tweet": {"text": "c"}}), "texto", json!("b")),
        (json!({"note_tweet": {"text": "b"}}), "texto", json!("b")),
        (json!({"text": "&amp;amp; ´ ）"}), "texto", json!("&amp; ´ ）")), // unescaped exactly once, nothing folded
        (json!({"text": "a", "note_tweet": {"text": "b", "entities": {"hashtags": [{"tag": "x"}]}}}), "hashtags", json!(["x"])),
        (json!({"entities": {"urls": [{"url": "f"}, {"url": "g"}, {"url": "f"}]}}), "urls", json!(["f", "g"])),
        (json!({"lang": 5}), "idioma", json!(null)),
        (json!({"edit_history_tweet_ids": [""]}), "id_original", json!(7)),
        (json!({"entities": {"hashtags": [{"tag": "a"}, "b"]}}), "hashtags", json!(["a"])),
        (json!({"entities": {"hashtags": []}}), "hashtags", json!([])), // present but empty
        (json!({"entities": {"hashtags": null}}), "hashtags", json!(null)),
        (json!({"entities": {}}), "urls", json!(null)),
        (json!({"entities": {"urls": [{"display_url": "x"}]}}), "urls", json!([])),
        (json!({"author_id": "1"}), "autor_usuario", json!(null)), // users were not requested
        (json!({"text": "triste :("}), "simbolo", json!(":(")),
    ] {
        let mut document = json!({"data": [{"id": "7", "created_at": "2026-11-23T23:59:59Z", "edit_controls": {}}]});
        document["data"][0].as_object_mut().unwrap().extend(tweet.as_object().unwrap().clone());
        let row = one_row(&document);
        assert_eq!(row.get(column).unwrap_or(&Value::Null), &want, "{tweet}");
    }
}

#[test]
fn a_retweet_is_labelled_by_its_original_and_shows_its_own_text() {
    for (includes, want) in [
        (json!({"tweets": [{"id": "3", "text": "inteiro, e no fim :("}]}), "Negativo"),
        (json!({"posts": [{"id": "3", "text": "come\u{e7}o", "note_post": {"text": "inteiro :("}}]}), "Negativo"),
        (json!({"tweets": [{"id": "4", "text": ":("}]}), "Positivo"), // a different tweet
        (json!({}), "Positivo"),
    ] {
        let tweet = json!({"id": "7", "created_at": "2026-11-23T23:59:59Z", "text": "RT @a: :) cort\u{2026}",
            "referenced_tweets": [{"type": "retweeted", "id": "3"}]});
        let row = one_row(&json!({"data": [tweet], "includes": includes}));
        assert_eq!(row["sentimento"], want, "{includes}");
        assert_eq!(row["texto"], "RT @a: :) cort\u{2026}");
    }
}

/// X sends one when it cuts a text inside an emoji.
#[test]
fn half_a_surrogate_pair_is_read_as_an_unknown_character() {
    let raw = br#"{"data":[{"id":"7","created_at":"2026-11-23T23:59:59Z","text":"RT @a: :) \ud83d\u2026"}]}"#;
    let objects = refine(RAW_KEY, raw, tweets::Years::DEFAULT).unwrap().objects;
    assert_eq!(rows(&objects[0].bytes)[0]["texto"], "RT @a: :) \u{fffd}\u{2026}");
}

#[test]
fn a_file_across_midnight_gives_one_object_a_day() {
    let tweet = |id: &str, created_at: &str| json!({"id": id, "created_at": created_at, "text": ":)"});
    let objects = refined(&json!({"data": [
        tweet("9", "2026-11-24T00:00:00.000Z"),
        tweet("8", "2026-11-23T21:00:00.000-03:00"), // the same instant
        tweet("5", "2026-11-23T23:59:59.999Z"),
        tweet("7", "2026-11-24T10:00:00.000Z"),
    ]}));
    let told: Vec<_> = objects
        .iter()
        .map(|object| (object.key.as_str(), object.rows().total(), rows(&object.bytes).iter().map(|row| row["id"].clone()).collect()))
        .collect::<Vec<(&str, u64, Vec<Value>)>>();
    assert_eq!(
        told,
        [
            ("tweets/ano=2026/mes=11/dia=23/2026-11-23T23-59Z_5_9.parquet", 1, vec![json!(5)]),
            ("tweets/ano=2026/mes=11/dia=24/2026-11-23T23-59Z_5_9.parquet", 3, vec![json!(7), json!(8), json!(9)]),
        ]
    );
    assert_eq!(objects[1].rows().positivo, 3);
}

#[test]
fn a_file_without_tweets_gives_nothing() {
    assert_eq!(refined(&json!({"meta": {"result_count": 0}})), []);
}

#[test]
fn the_file_says_what_it_is() {
    let bytes = refined(&json!({"data": [{"id": "7", "created_at": "2026-11-23T23:59:59Z", "text": "a"}]})).remove(0).bytes;
    let reader = SerializedFileReader::new(bytes.clone()).unwrap();
    let metadata = reader.metadata();
    let pairs = metadata.file_metadata().key_value_metadata().unwrap();
    let pairs: Vec<_> = pairs.iter().map(|pair| (pair.key.as_str(), pair.value.as_deref())).collect();
    assert_eq!(pairs, [("refine_version", Some(REFINE_VERSION)), ("lexicon_version", Some(LEXICON_VERSION))]);
    let [row_group] = metadata.row_groups() else { panic!("more than one row group") };
    let order: Vec<_> = row_group.sorting_columns().unwrap().iter().map(|column| (column.column_idx, column.descending)).collect();
    assert_eq!(order, [(0, false)]);
    assert!(row_group.columns().iter().all(|column| column.statistics().is_some()));
    // Types survive without an Arrow schema in the file.
    let read = ParquetRecordBatchReaderBuilder::try_new(bytes.clone()).unwrap();
    assert_eq!(read.schema().fields(), schema().fields());
    expect![[r"
        message tweets {
          REQUIRED INT64 id;
          REQUIRED INT64 id_original;
          OPTIONAL BYTE_ARRAY texto (STRING);
          REQUIRED INT64 criado_em (TIMESTAMP(MILLIS,true));
          OPTIONAL INT64 autor_id;
          OPTIONAL BYTE_ARRAY autor_usuario (STRING);
          OPTIONAL BYTE_ARRAY autor_nome (STRING);
          OPTIONAL BYTE_ARRAY idioma (STRING);
          OPTIONAL BYTE_ARRAY tipo (STRING);
          OPTIONAL INT64 referenciado_id;
          OPTIONAL INT64 conversa_id;
          OPTIONAL INT64 curtidas;
          OPTIONAL INT64 respostas;
          OPTIONAL INT64 retweets;
          OPTIONAL INT64 citacoes;
          OPTIONAL INT64 salvos;
          OPTIONAL INT64 impressoes;
          OPTIONAL group hashtags (LIST) {
            REPEATED group list {
              REQUIRED BYTE_ARRAY element (STRING);
            }
          }
          OPTIONAL group mencoes (LIST) {
            REPEATED group list {
              REQUIRED BYTE_ARRAY element (STRING);
            }
          }
          OPTIONAL group urls (LIST) {
            REPEATED group list {
              REQUIRED BYTE_ARRAY element (STRING);
            }
          }
          OPTIONAL BOOLEAN sensivel;
          REQUIRED BYTE_ARRAY sentimento (STRING);
          OPTIONAL BYTE_ARRAY simbolo (STRING);
          OPTIONAL INT64 capturado_em (TIMESTAMP(MILLIS,true));
          REQUIRED BYTE_ARRAY arquivo_raw (STRING);
        }
    "]]
    .assert_eq(&printed(&bytes));
}

fn printed(bytes: &Bytes) -> String {
    let mut text = Vec::new();
    let reader = SerializedFileReader::new(bytes.clone()).unwrap();
    parquet::schema::printer::print_schema(&mut text, reader.metadata().file_metadata().schema());
    String::from_utf8(text).unwrap()
}

fn each_once(list: Value) -> Value {
    let mut kept: Vec<Value> = Vec::new();
    for item in list.as_array().unwrap() {
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    Value::Array(kept)
}

/// Generates text with characters that occur in Portuguese, JSON and posts on X.
fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("([a-z áçõ\"\\\\/\n😀&;<]|:\\)|:\\(|&lt;3|&amp;){0,12}").unwrap()
}

fn texts(name: &'static str) -> impl Strategy<Value = Option<Value>> {
    prop::option::of(prop::collection::vec(text(), 0..3))
        .prop_map(move |texts| texts.map(|texts| texts.iter().map(|text| json!({name: text})).collect()))
}

prop_compose! {
    fn tweet()(
        id in 1..i64::MAX,
        created_ms in 1_795_391_999_000_i64..1_795_564_801_000, // spans two midnights
        fields in (
            prop::option::of(text()), prop::option::of(text()), prop::option::of(any::<bool>()), prop::option::of(1..i64::MAX),
            prop::option::of(any::<i64>()), prop::option::of(1..i64::MAX),
        ),
        entities in (texts("tag"), texts("username"), texts("expanded_url")),
    ) -> (Value, Map<String, Value>) {
        let (own, note, sensitive, author, likes, replied_to) = fields;
        let created_at = chrono::DateTime::from_timestamp_millis(created_ms).unwrap().to_rfc3339();
        let mut sent = json!({"id": id.to_string(), "created_at": created_at, "text": own, "possibly_sensitive": sensitive,
            "author_id": author.map(|id| id.to_string()), "public_metrics": {"like_count": likes},
            "entities": {"hashtags": entities.0, "mentions": entities.1, "urls": entities.2}});
        if let Some(note) = &note {
            sent["note_post"] = json!({"text": note});
        }
        if let Some(id) = replied_to {
            sent["referenced_posts"] = json!([{"type": "replied_to", "id": id.to_string()}]);
        }
        let words = note.clone().filter(|note| !note.is_empty()).or(own).or(note);
        let label = sentiment::label(words.as_deref().unwrap_or_default());
        let inner = |list: &Option<Value>, name: &str| {
            list.as_ref().map(|list| list.as_array().unwrap().iter().map(|item| item[name].clone()).collect::<Value>())
        };
        let row = json!({
            "id": id, "id_original": id, "criado_em": created_ms, "texto": words.as_deref().map(sentiment::unescape), "sensivel": sensitive,
            "autor_id": author, "curtidas": likes, "tipo": replied_to.map(|_| "resposta"), "referenciado_id": replied_to,
            "hashtags": inner(&entities.0, "tag"), "mencoes": inner(&entities.1, "username"),
            "urls": inner(&entities.2, "expanded_url").map(each_once),
            "sentimento": label.sentimento.as_str(), "simbolo": label.simbolo, "arquivo_raw": RAW_KEY,
        });
        let Value::Object(row) = row else { unreachable!() };
        (sent, row.into_iter().filter(|(_, value)| !value.is_null()).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Checks INV-3.
    #[test]
    fn rows_of_ref_are_rows_of_raw(tweets in prop::collection::vec(tweet(), 0..40)) {
        let (sent, mut want): (Vec<_>, Vec<_>) = tweets.into_iter().unzip();
        let document = json!({"data": sent, "meta": {"result_count": sent.len()}});
        let objects = refined(&document);
        prop_assert_eq!(&objects, &refined(&document), "the same bytes every time");

        let mut got = Vec::new();
        for object in &objects {
            let of_day = rows(&object.bytes);
            prop_assert_eq!(of_day.len() as u64, object.rows().total());
            prop_assert!(of_day.is_sorted_by_key(|row| row["id"].as_i64()));
            for row in &of_day {
                let created_at = chrono::DateTime::from_timestamp_millis(row["criado_em"].as_i64().unwrap()).unwrap();
                prop_assert!(object.key.contains(&tweets::Partition::of(created_at).to_string()), "{}", object.key);
            }
            got.extend(of_day);
        }
        for rows in [&mut got, &mut want] {
            rows.sort_by_key(|row| serde_json::to_string(row).unwrap());
        }
        prop_assert_eq!(got, want);
    }
}
