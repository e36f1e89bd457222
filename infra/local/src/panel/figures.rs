//! Charts as values: the rows of a question in, a figure for `Plotly.react` out.
//!
//! Parts that depend on the viewer (colours of the theme, time zone, language, form of numbers) are [`viewer`] values,
//! which the page replaces. No text of a row can become such a value, or markup: see [`label`].

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use plotly::common::{Anchor, ColorScale, ColorScaleElement, Font, HoverInfo, Label, Line, Marker, MarkerSymbol, Mode, Orientation};
use plotly::configuration::DisplayModeBar;
use plotly::layout::{
    Annotation, Axis, AxisRange, AxisType, BarMode, DragMode, HoverMode, Margin, RangeMode, Shape, ShapeLayer, ShapeLine, ShapeType,
    TicksDirection,
};
use plotly::{Bar, Configuration, HeatMap, Layout, Plot, Scatter};
use serde_json::value::RawValue;

use crate::output::shortened;
use crate::sql::Answer;

/// Sentiments with the columns of their counts, from the bottom of a stack.
const SENTIMENTS: [(&str, &str, &str); 3] =
    [("Positivo", "positivos", "positive"), ("Neutro", "neutros", "neutral"), ("Negativo", "negativos", "negative")];
/// Terminal columns of a label in a ranking.
const LABEL_MAX: usize = 18;
/// The smallest maximum of an axis of counts. Below it the ticks would be fractions.
const COUNT_MAX_LEAST: i64 = 4;
const ROW_PX: usize = 24;
/// The colour of invisible parts.
const NONE: &str = "rgba(0,0,0,0)";

/// A figure as JSON.
pub type Figure = Box<RawValue>;

/// Returns a value that the page replaces, by its theme, time zone and language. It starts with U+E000, a private-use
/// character that [`label`] removes from texts.
pub fn viewer(kind: &str, value: impl std::fmt::Display) -> String {
    format!("\u{e000}{kind}:{value}")
}

fn color(name: &str) -> String {
    viewer("color", name)
}

fn time(at: DateTime<Utc>) -> String {
    viewer("time", at.timestamp_millis())
}

/// Returns a text of a row as Plotly shows it: Plotly reads a few tags and entities in texts.
fn label(text: &str) -> String {
    let cut = shortened(text, LABEL_MAX);
    cut.replace('\u{e000}', "\u{fffd}").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A span of time: its start and its end.
pub type Band = (DateTime<Utc>, DateTime<Utc>);

/// Draws counts by sentiment as stacked bars over time, each bar from its `inicio` to a `step` later.
pub fn stacked(answer: &Answer, step: TimeDelta, span: Band, bands: &[Band]) -> Figure {
    let starts = answer.texts("inicio").into_iter().filter_map(|start| start.parse::<DateTime<Utc>>().ok());
    let middles = starts.map(|start| time(start + step / 2)).collect();
    let shapes = bands.iter().map(|band| shaded(*band)).collect();
    stack(answer, middles, step, AxisRange::new(time(span.0), time(span.1)), "clock", shapes)
}

/// Draws counts by sentiment as stacked bars, one a day (UTC).
pub fn daily(answer: &Answer, from: NaiveDate, to: NaiveDate) -> Figure {
    let noons = answer.texts("inicio").iter().map(|day| format!("{day} 12:00")).collect();
    let range = AxisRange::new(format!("{from} 00:00"), format!("{to} 24:00"));
    stack(answer, noons, TimeDelta::days(1), range, "day", Vec::new())
}

fn stack(answer: &Answer, middles: Vec<String>, step: TimeDelta, range: AxisRange, format: &str, shapes: Vec<Shape>) -> Figure {
    let mut plot = Plot::new();
    for (name, column, tone) in SENTIMENTS {
        let line = Line::new().color(color("card")).width(1.0);
        let bar = Bar::new(middles.clone(), answer.integers(column)).name(name).marker(Marker::new().color(color(tone)).line(line));
        plot.add_trace(bar.width(milliseconds(step)));
    }
    let most = answer.integers("tweets").into_iter().max().unwrap_or(0);
    let format = viewer("format", format);
    let x = Axis::new().type_(AxisType::Date).range(range).tick_format(&format).hover_format(&format).n_ticks(6);
    let layout = base(Margin::new().left(44).right(8).top(8).bottom(28))
        .bar_mode(BarMode::Stack)
        .bar_gap(0.0)
        .hover_mode(HoverMode::XUnified)
        .height(250)
        .shapes(shapes)
        .x_axis(axis(x))
        .y_axis(axis(counts(most)));
    finished(plot, layout)
}

/// Draws a ranking as horizontal bars, each with its count, its change, and a mark at the earlier count.
pub fn ranking(rows: &[Ranked]) -> Figure {
    let places: Vec<usize> = (0..rows.len()).collect();
    let most = rows.iter().map(|row| row.count.max(row.before.unwrap_or(0))).max().unwrap_or(0).max(COUNT_MAX_LEAST);
    let mut plot = Plot::new();
    let colors: Vec<String> = rows.iter().map(|row| color(row.tone)).collect();
    let bars = Bar::new(rows.iter().map(|row| row.count).collect(), places.clone());
    plot.add_trace(
        bars.orientation(Orientation::Horizontal).width(0.7).marker(Marker::new().color_array(colors)).hover_info(HoverInfo::Skip),
    );
    let marks: Vec<(i64, usize)> = rows.iter().zip(&places).filter_map(|(row, place)| Some((row.before?, *place))).collect();
    let (before, at): (Vec<i64>, Vec<usize>) = marks.into_iter().unzip();
    let mark = Marker::new().symbol(MarkerSymbol::LineNS).size(14).line(Line::new().color(color("text")).width(2.0));
    plot.add_trace(Scatter::new(before, at).mode(Mode::Markers).marker(mark).hover_info(HoverInfo::Skip));
    let note = |(place, row): (usize, &Ranked)| {
        let text = row
            .before
            .map_or_else(|| viewer("number", row.count), |before| viewer("change", format!("{}:{}", row.count, row.count - before)));
        Annotation::new().text(text).x_ref("paper").x(1.0).x_anchor(Anchor::Left).x_shift(6.0).y_ref("y").y(place).show_arrow(false)
    };
    let labels: Vec<String> = rows.iter().map(|row| label(&row.label)).collect();
    #[expect(clippy::cast_precision_loss, reason = "a dozen places")]
    let (values, last): (Vec<f64>, f64) = (places.iter().map(|place| *place as f64).collect(), rows.len().max(1) as f64 - 0.5);
    let y = Axis::new()
        .range(vec![last, -0.5])
        .tick_values(values)
        .tick_text(labels)
        .auto_margin(true)
        .show_grid(false)
        .ticks(TicksDirection::Outside)
        .tick_length(4)
        .tick_color(NONE);
    let x = Axis::new().range(vec![0, most]).visible(false);
    let layout = base(Margin::new().left(24).right(86).top(4).bottom(4))
        .height(rows.len().max(3) * ROW_PX + 8)
        .hover_mode(HoverMode::False)
        .annotations(rows.iter().enumerate().map(note).collect())
        .x_axis(x.fixed_range(true))
        .y_axis(axis(y).show_line(true).line_color(color("text")));
    finished(plot, layout)
}

/// One bar of a ranking.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// Text at the axis.
    pub label: String,
    /// Count of the bar.
    pub count: i64,
    /// Count of the hour before, if the ranking has one.
    pub before: Option<i64>,
    /// Name of the colour.
    pub tone: &'static str,
}

/// Draws the counts of `ritmo_por_hora_e_dia` as a map of weekdays by hours.
pub fn rhythm(answer: &Answer) -> Figure {
    let mut counts = vec![vec![0; 24]; 7];
    let rows = answer.integers("dia_da_semana").into_iter().zip(answer.integers("hora")).zip(answer.integers("tweets"));
    for ((day, hour), tweets) in rows {
        let place = (usize::try_from(day).ok(), usize::try_from(hour).ok());
        if let (Some(day), Some(hour)) = place
            && let Some(cell) = counts.get_mut(day).and_then(|day| day.get_mut(hour))
        {
            *cell = tweets;
        }
    }
    let texts: Vec<Vec<String>> =
        (0..).zip(&counts).map(|(day, hours)| (0..).zip(hours).map(|(hour, count)| cell(day, hour, *count)).collect()).collect();
    let scale = vec![ColorScaleElement(0.0, color("least")), ColorScaleElement(1.0, color("most"))];
    let map = HeatMap::new((0..24).collect::<Vec<u8>>(), (0..7).collect::<Vec<u8>>(), counts)
        .color_scale(ColorScale::Vector(scale))
        .show_scale(false)
        .x_gap(1)
        .y_gap(1)
        .text_matrix(texts)
        .hover_template("%{text}<extra></extra>");
    let mut plot = Plot::new();
    plot.add_trace(map);
    let hours = [0.0, 6.0, 12.0, 18.0];
    let x = Axis::new()
        .tick_values(hours.to_vec())
        .tick_text(hours.map(|hour| viewer("hour", hour)).to_vec())
        .tick_color(NONE)
        .show_grid(false);
    let y = Axis::new()
        .range(vec![6.5, -0.5])
        .tick_values((0..7).map(f64::from).collect())
        .tick_text((0..7).map(|day| viewer("weekday", day)).collect::<Vec<_>>())
        .tick_color(NONE)
        .show_grid(false);
    let layout = base(Margin::new().left(44).right(8).top(4).bottom(28)).height(230).x_axis(axis(x)).y_axis(axis(y));
    finished(plot, layout)
}

fn cell(day: u8, hour: u8, count: i64) -> String {
    viewer("cell", format!("{day}:{hour}:{count}"))
}

fn base(margin: Margin) -> Layout {
    let font = Font::new().color(color("text")).size(12).family("system-ui, sans-serif");
    let hover = Label::new().background_color(color("card")).border_color(color("line")).font(Font::new().color(color("text")).size(12));
    Layout::new()
        .margin(margin)
        .show_legend(false)
        .drag_mode(DragMode::False)
        .font(font)
        .hover_label(hover)
        .separators(viewer("format", "separators"))
        .paper_background_color(NONE)
        .plot_background_color(NONE)
}

/// Axes have a fixed range: dragging one would prevent scrolling on a touch screen.
fn axis(axis: Axis) -> Axis {
    axis.fixed_range(true).grid_color(color("grid")).zero_line(false)
}

/// Returns the axis of counts up to `most`: whole numbers, from zero.
#[expect(clippy::cast_precision_loss, reason = "counts of posts are far below 2^52")]
fn counts(most: i64) -> Axis {
    let axis = Axis::new()
        .range_mode(RangeMode::ToZero)
        .tick_format(",d")
        .n_ticks(6)
        .ticks(TicksDirection::Outside)
        .tick_length(4)
        .tick_color(NONE);
    if most <= COUNT_MAX_LEAST {
        return axis.range(vec![0, COUNT_MAX_LEAST]).dtick(1.0);
    }
    axis.range(vec![0.0, most as f64 * 1.06])
}

fn shaded((from, to): Band) -> Shape {
    Shape::new()
        .shape_type(ShapeType::Rect)
        .layer(ShapeLayer::Below)
        .x_ref("x")
        .y_ref("paper")
        .x0(time(from))
        .x1(time(to))
        .y0(0)
        .y1(1)
        .fill_color(color("band"))
        .line(ShapeLine::new().width(0.0))
}

#[expect(clippy::cast_precision_loss, reason = "steps are minutes to days")]
fn milliseconds(step: TimeDelta) -> f64 {
    step.num_milliseconds() as f64
}

fn finished(mut plot: Plot, layout: Layout) -> Figure {
    plot.set_layout(layout);
    plot.set_configuration(Configuration::new().display_mode_bar(DisplayModeBar::False).responsive(false));
    // `to_json` returns valid JSON.
    RawValue::from_string(plot.to_json()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn value(figure: &Figure) -> Value {
        serde_json::from_str(figure.get()).unwrap()
    }

    fn quarters(tweets: i64) -> Answer {
        let columns = ["inicio", "positivos", "negativos", "neutros", "tweets"].map(str::to_owned).to_vec();
        let row = |minute| vec![json!(format!("2026-11-23T14:{minute}:00.000Z")), json!(1), json!(2), json!(tweets - 3), json!(tweets)];
        Answer { columns, rows: vec![row("00"), row("15")], csv: String::new() }
    }

    #[test]
    fn a_stack_has_a_trace_per_sentiment_from_below_and_marks_its_bands() {
        let at = |minute: u32| format!("2026-11-23T14:{minute:02}:00Z").parse::<DateTime<Utc>>().unwrap();
        let figure = value(&stacked(&quarters(4), TimeDelta::minutes(15), (at(0), at(30)), &[(at(20), at(30))]));
        let traces = figure["data"].as_array().unwrap();
        assert_eq!(traces.iter().map(|trace| trace["name"].as_str().unwrap()).collect::<Vec<_>>(), ["Positivo", "Neutro", "Negativo"]);
        assert_eq!((&traces[1]["y"], &traces[2]["y"]), (&json!([1, 1]), &json!([2, 2])));
        let middle = at(7).timestamp_millis() + 30_000;
        assert_eq!(traces[0]["x"][0], format!("\u{e000}time:{middle}"), "a bar stands over its whole interval");
        assert_eq!(traces[0]["width"], 900_000.0);
        assert_eq!(figure["layout"]["shapes"][0]["x0"], format!("\u{e000}time:{}", at(20).timestamp_millis()));
    }

    #[test]
    fn an_axis_of_few_posts_has_whole_numbers() {
        let axis = |tweets| value(&stacked(&quarters(tweets), TimeDelta::minutes(15), (NOON, NOON), &[]))["layout"]["yaxis"].clone();
        assert_eq!((&axis(3)["range"], &axis(3)["dtick"]), (&json!([0, 4]), &json!(1.0)));
        assert_eq!((&axis(100)["range"], &axis(100)["dtick"]), (&json!([0.0, 106.0]), &Value::Null));
    }

    const NOON: DateTime<Utc> = DateTime::from_timestamp_secs(1_795_435_200).unwrap();

    #[test]
    fn a_label_is_neither_markup_nor_a_value_of_the_viewer() {
        assert_eq!(label("<b>&lt;"), "&lt;b&gt;&amp;lt;");
        assert_eq!(label("\u{e000}color:text"), "\u{fffd}color:text");
        assert_eq!(label(&"á".repeat(40)), format!("{}…", "á".repeat(17)));
    }

    #[test]
    fn the_week_is_a_map_and_a_cell_out_of_range_is_left_out() {
        let columns = ["dia_da_semana", "hora", "tweets"].map(str::to_owned).to_vec();
        let rows = [[6, 23, 5], [0, 0, 2], [7, 0, 9], [0, 24, 9], [-1, 0, 9]];
        let answer = Answer { columns, rows: rows.map(|row| row.map(|value| json!(value)).to_vec()).to_vec(), csv: String::new() };
        let z = value(&rhythm(&answer))["data"][0]["z"].clone();
        assert_eq!((&z[6][23], &z[0][0]), (&json!(5), &json!(2)));
        assert_eq!(z.as_array().unwrap().iter().flat_map(|day| day.as_array().unwrap()).filter(|count| **count != json!(0)).count(), 2);
    }
}
