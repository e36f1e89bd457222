//! The columns of the table `tweets`, and the builders that collect its rows.

use std::sync::{Arc, LazyLock};

use arrow_array::builder::{BooleanBuilder, Int64Builder, ListBuilder, StringBuilder, TimestampMillisecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use sentiment::{Label, Post};
use tweets::TweetId;
use tweets::columns::COLUMNS;
use tweets::document::{Count, Document, Tweet};

/// Returns the Arrow schema of a REF file, in the order of [`COLUMNS`]. Partition columns are in the key, not in the file.
///
/// A column is nullable unless every row has a value: a required column stores no definition levels.
pub fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> =
        LazyLock::new(|| Arc::new(Schema::new(COLUMNS.iter().map(|name| field(name)).collect::<Vec<_>>())));
    Arc::clone(&SCHEMA)
}

fn field(name: &str) -> Field {
    let required = matches!(name, "id" | "id_original" | "criado_em" | "sentimento" | "arquivo_raw");
    let data_type = match name {
        "criado_em" | "capturado_em" => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        "hashtags" | "mencoes" | "urls" => DataType::List(element()),
        "sensivel" => DataType::Boolean,
        "texto" | "autor_usuario" | "autor_nome" | "idioma" | "tipo" | "sentimento" | "simbolo" | "arquivo_raw" => DataType::Utf8,
        _ => DataType::Int64,
    };
    Field::new(name, data_type, !required)
}

/// Returns the element field of lists, named as in the Parquet format: `list` of `element`.
fn element() -> FieldRef {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

/// Builds a [`RecordBatch`] with one builder per column. Values are copied directly from the borrowed document.
pub(crate) struct Columns<'a> {
    document: &'a Document<'a>,
    raw_key: &'a str,
    id: Int64Builder,
    id_original: Int64Builder,
    texto: StringBuilder,
    criado_em: TimestampMillisecondBuilder,
    autor_id: Int64Builder,
    autor_usuario: StringBuilder,
    autor_nome: StringBuilder,
    idioma: StringBuilder,
    tipo: StringBuilder,
    referenciado_id: Int64Builder,
    conversa_id: Int64Builder,
    curtidas: Int64Builder,
    respostas: Int64Builder,
    retweets: Int64Builder,
    citacoes: Int64Builder,
    salvos: Int64Builder,
    impressoes: Int64Builder,
    hashtags: ListBuilder<StringBuilder>,
    mencoes: ListBuilder<StringBuilder>,
    urls: ListBuilder<StringBuilder>,
    sensivel: BooleanBuilder,
    sentimento: StringBuilder,
    simbolo: StringBuilder,
    capturado_em: TimestampMillisecondBuilder,
    arquivo_raw: StringBuilder,
}

impl<'a> Columns<'a> {
    /// Creates columns with capacity for `rows` tweets of `document`, the RAW file stored under `raw_key`.
    pub(crate) fn new(document: &'a Document<'a>, raw_key: &'a str, rows: usize) -> Self {
        let ids = || Int64Builder::with_capacity(rows);
        // Initial capacity in bytes per row. A longer column grows.
        let strings = |bytes: usize| StringBuilder::with_capacity(rows, rows * bytes);
        let times = || TimestampMillisecondBuilder::with_capacity(rows).with_timezone("UTC");
        let lists = |bytes: usize| ListBuilder::with_capacity(strings(bytes), rows).with_field(element());
        Self {
            document,
            raw_key,
            id: ids(),
            id_original: ids(),
            texto: strings(200),
            criado_em: times(),
            autor_id: ids(),
            autor_usuario: strings(16),
            autor_nome: strings(24),
            idioma: strings(2),
            tipo: strings(8),
            referenciado_id: ids(),
            conversa_id: ids(),
            curtidas: ids(),
            respostas: ids(),
            retweets: ids(),
            citacoes: ids(),
            salvos: ids(),
            impressoes: ids(),
            hashtags: lists(16),
            mencoes: lists(16),
            urls: lists(48),
            sensivel: BooleanBuilder::with_capacity(rows),
            sentimento: strings(8),
            simbolo: strings(4),
            capturado_em: times(),
            arquivo_raw: strings(raw_key.len()),
        }
    }

    /// Appends the row of one tweet of the document. Returns its sentiment.
    pub(crate) fn append(&mut self, tweet: &Tweet) -> Label {
        let document = self.document;
        let words = Post { text: tweet.text(), note_text: tweet.note_text() };
        let original = document.retweeted(tweet).map(|included| Post { text: included.text(), note_text: included.note_text() });
        let label = sentiment::label(sentiment::text_to_scan(&words, original.as_ref()));
        let author = document.author(tweet);
        let kind = document.kind(tweet);
        let counts = tweet.public_metrics();

        self.id.append_value(tweet.id.get());
        self.id_original.append_value(tweet.original_id().get());
        let has_words = words.text.is_some() || words.note_text.is_some();
        self.texto.append_option(has_words.then(|| sentiment::unescape(words.words())));
        self.criado_em.append_value(tweet.created_at.timestamp_millis());
        self.autor_id.append_option(tweet.author_id().map(TweetId::get));
        self.autor_usuario.append_option(author.and_then(|user| user.username.as_deref()));
        self.autor_nome.append_option(author.and_then(|user| user.name.as_deref()));
        self.idioma.append_option(tweet.lang());
        self.tipo.append_option(kind.map(|kind| kind.tipo));
        self.referenciado_id.append_option(kind.and_then(|kind| kind.referenced_id).map(TweetId::get));
        self.conversa_id.append_option(tweet.conversation_id().map(TweetId::get));
        self.curtidas.append_option(number(counts.like_count));
        self.respostas.append_option(number(counts.reply_count));
        self.retweets.append_option(number(counts.retweets()));
        self.citacoes.append_option(number(counts.quote_count));
        self.salvos.append_option(number(counts.bookmark_count));
        self.impressoes.append_option(number(counts.impression_count));
        append_list(&mut self.hashtags, tweet.hashtags());
        append_list(&mut self.mencoes, tweet.mentions());
        append_list(&mut self.urls, tweet.urls());
        self.sensivel.append_option(tweet.possibly_sensitive());
        self.sentimento.append_value(label.sentimento.as_str());
        self.simbolo.append_option(label.simbolo);
        self.capturado_em.append_option(document.captured_at.map(|time| time.timestamp_millis()));
        self.arquivo_raw.append_value(self.raw_key);
        label
    }

    /// Returns all rows so far, in the columns of [`schema`].
    pub(crate) fn finish(mut self) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.id.finish()),
            Arc::new(self.id_original.finish()),
            Arc::new(self.texto.finish()),
            Arc::new(self.criado_em.finish()),
            Arc::new(self.autor_id.finish()),
            Arc::new(self.autor_usuario.finish()),
            Arc::new(self.autor_nome.finish()),
            Arc::new(self.idioma.finish()),
            Arc::new(self.tipo.finish()),
            Arc::new(self.referenciado_id.finish()),
            Arc::new(self.conversa_id.finish()),
            Arc::new(self.curtidas.finish()),
            Arc::new(self.respostas.finish()),
            Arc::new(self.retweets.finish()),
            Arc::new(self.citacoes.finish()),
            Arc::new(self.salvos.finish()),
            Arc::new(self.impressoes.finish()),
            Arc::new(self.hashtags.finish()),
            Arc::new(self.mencoes.finish()),
            Arc::new(self.urls.finish()),
            Arc::new(self.sensivel.finish()),
            Arc::new(self.sentimento.finish()),
            Arc::new(self.simbolo.finish()),
            Arc::new(self.capturado_em.finish()),
            Arc::new(self.arquivo_raw.finish()),
        ];
        #[expect(clippy::expect_used, reason = "builders and schema stand in this file, and every append adds one value to each")]
        RecordBatch::try_new(schema(), columns).expect("columns match the schema")
    }
}

fn number(count: Option<Count>) -> Option<i64> {
    count.map(|count| count.0)
}

fn append_list<'t>(list: &mut ListBuilder<StringBuilder>, texts: Option<impl Iterator<Item = &'t str>>) {
    let is_sent = texts.is_some();
    for text in texts.into_iter().flatten() {
        list.values().append_value(text);
    }
    list.append(is_sent);
}
