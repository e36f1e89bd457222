// The page of `panel` and of a report. Charts come as figures from Rust; here they get what depends on the viewer
// (colours, language, time zone, numbers) and go to Plotly. Every text of a post goes through `textContent`.
"use strict";

const LIVE = ["posts_por_minuto", "sentimento_por_15_minutos", "palavras_da_hora", "hashtags_da_hora", "simbolos_da_hora", "ritmo_por_hora_e_dia", "ultimos_posts", "saude_horas_sem_tweets"];
const STACKED = ["posts_por_minuto", "sentimento_por_15_minutos", "sentimento_por_dia"];
const THIRD = ["palavras_da_hora", "hashtags_da_hora", "simbolos_da_hora", "ritmo_por_hora_e_dia", "palavras_por_dia", "hashtags", "simbolos"];
const TONES = { Positivo: "positive", Neutro: "neutral", Negativo: "negative" };
const SILENCE_MS = 40_000, STOPPED_MS = 300_000, WIDTH_LEAST = 160;

const locale = navigator.language || "pt-BR";
const words = (navigator.languages?.[0] ?? locale).toLowerCase().startsWith("pt") ? PT : EN;
const isPortuguese = words === PT;
const byId = (id) => document.getElementById(id);
const phrase = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

// ── Numbers and times as this viewer writes them ────────────────────────────────────────────────────────────────────
const numbers = new Intl.NumberFormat(locale);
const changes = new Intl.NumberFormat(locale, { signDisplay: "exceptZero" });
const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
const dollars = new Intl.NumberFormat(locale, { style: "currency", currency: "USD" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const clocks = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const moments = new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "medium" });
const separators = numbers.formatToParts(12345678.5);
const part = (parts, type, otherwise) => parts.find((one) => one.type === type)?.value ?? otherwise;
const zone = () => {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offset = part(new Intl.DateTimeFormat("en", { timeZoneName: "longOffset" }).formatToParts(), "timeZoneName", "UTC");
  return `${name} (${offset})`;
};
const weekday = (day) => new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" }).format(Date.UTC(2024, 0, 1 + Number(day)));
const hour = (of) => isPortuguese ? `${of}h` : new Intl.DateTimeFormat(locale, { hour: "numeric", timeZone: "UTC" }).format(Date.UTC(2024, 0, 1, Number(of)));
const ago = (then) => {
  const seconds = Math.round((then - Date.now()) / 1000);
  for (const [unit, length] of [["day", 86_400], ["hour", 3_600], ["minute", 60]]) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return relative.format(Math.min(seconds, 0), "second");
};
const two = (number) => String(number).padStart(2, "0");
const local = (ms) => { // an axis of Plotly has no time zone: it shows the text that it is given
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
};
const formats = {
  clock: clocks.resolvedOptions().hour12 ? "%-I:%M %p" : "%H:%M",
  day: new Intl.DateTimeFormat(locale).formatToParts().find((one) => one.type === "day" || one.type === "month").type === "day" ? "%d/%m" : "%m/%d",
  separators: part(separators, "decimal", ".") + part(separators, "group", ""),
};

// ── Values that Rust leaves to the viewer: U+E000, a kind, a colon, a value ─────────────────────────────────────────
const viewer = {
  color: (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim(),
  time: (ms) => local(Number(ms)),
  format: (name) => formats[name],
  number: (value) => numbers.format(value),
  change: (value) => { const [count, change] = value.split(":"); return `${numbers.format(count)} (${changes.format(change)})`; },
  weekday, hour,
  cell: (value) => { const [day, at, n] = value.split(":"); return phrase("cell", { day: weekday(day), hour: hour(at), n: numbers.format(n) }); },
};
function shown(value) {
  if (typeof value === "string") {
    if (value[0] !== "\ue000") return value;
    const at = value.indexOf(":");
    return viewer[value.slice(1, at)](value.slice(at + 1));
  }
  if (Array.isArray(value)) return value.map(shown);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shown(one)]));
  return value;
}

// ── Elements ────────────────────────────────────────────────────────────────────────────────────────────────────────
function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
function put(target, text) { // unchanged text is not set: a screen reader would speak it again, and a selection be lost
  if (target.textContent !== text) target.textContent = text;
}
function link(text, href) {
  const made = element("a", "", text);
  made.href = href;
  return made;
}
const instant = (text) => new Date(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`); // a timestamp without a zone is UTC
function timeOf(text) {
  const made = element("time", "", moments.format(instant(text)));
  made.dateTime = text;
  return made;
}
function cellOf(value) {
  const cell = element("td");
  if (typeof value === "number") {
    cell.className = "number";
    cell.dataset.value = value;
    cell.textContent = numbers.format(value);
  } else if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z?$/.test(value)) {
    cell.append(timeOf(value));
  } else if (typeof value === "string" && value.startsWith("https://x.com/i/web/status/")) {
    cell.append(link(value, value));
  } else {
    cell.dir = "auto";
    cell.textContent = value ?? "";
  }
  return cell;
}
function fillTable(box, table) {
  const made = element("table"), head = element("thead"), body = element("tbody"), names = element("tr");
  for (const name of table.columns) {
    const cell = element("th", "", name);
    cell.scope = "col";
    names.append(cell);
  }
  for (const row of table.rows) {
    const line = element("tr");
    line.append(...row.map(cellOf));
    body.append(line);
  }
  head.append(names);
  made.append(head, body);
  const { scrollTop, scrollLeft } = box;
  box.replaceChildren(made);
  Object.assign(box, { scrollTop, scrollLeft });
}

// ── Cards ───────────────────────────────────────────────────────────────────────────────────────────────────────────
const cards = new Map();
const isReport = byId("document") !== null;

function cardOf(question) {
  if (cards.has(question)) return cards.get(question);
  const kind = question === "ultimos_posts" ? "posts" : question === "saude_horas_sem_tweets" ? "gaps" : THIRD.includes(question) ? "third" : "";
  const root = element("section", `card ${kind}`), title = element("h2", "", phrase(question));
  root.id = question;
  title.id = `${question}-title`;
  root.setAttribute("aria-labelledby", title.id);
  const sentence = element("p", "sentence", isReport ? "" : phrase("computing")), legend = element("ul", "legend"), box = element("div"), plot = element("div", "plot");
  plot.setAttribute("aria-hidden", "true");
  box.append(plot);
  const sources = element("p", "sources"), details = element("details"), scroll = element("div", "scroll");
  if (!isReport) sources.append(link("SQL", `/q/${question}`), link("CSV", `/q/${question}.csv`));
  details.append(element("summary", "", phrase("table", { title: phrase(question) })), scroll);
  Object.assign(scroll, { tabIndex: 0, role: "region", ariaLabel: phrase("table", { title: phrase(question) }) });
  const card = { root, sentence, legend, box, plot, sources, details, scroll, question, chart: null };
  details.addEventListener("toggle", () => { if (details.open && card.chart?.table) fillTable(scroll, card.chart.table); });
  root.append(title, sentence, legend, box, sources, details);
  for (const part of [legend, box, details]) part.hidden = true;
  root.hidden = question === "saude_horas_sem_tweets";
  byId("cards").append(root);
  cards.set(question, card);
  return card;
}
function sentenceOf({ question, sentence, table, is_empty: isEmpty }) {
  if (question === "saude_horas_sem_tweets") return phrase("gaps", { n: numbers.format(table?.rows.length ?? 0) });
  if (question === "ultimos_posts" || question === "mais_curtidos") return isEmpty ? phrase("none") : "";
  if (isEmpty || !sentence) return phrase("none");
  const number = (value) => numbers.format(value);
  switch (sentence.phrase) {
    case "shares": {
      const share = (value) => percents.format(sentence.posts ? value / sentence.posts : 0);
      if (!sentence.posts) return phrase("none");
      return phrase("shares", { posts: number(sentence.posts), positive: share(sentence.positive), neutral: share(sentence.neutral), negative: share(sentence.negative) });
    }
    case "first": {
      const notes = [sentence.before === null ? "" : phrase("mark"), question.startsWith("simbolos") ? phrase("arrows") : ""];
      return [phrase("first", { label: sentence.label, count: number(sentence.count) }), ...notes].filter(Boolean).join(" ");
    }
    default: return phrase("busiest", { posts: number(sentence.posts), day: weekday(sentence.day), hour: hour(sentence.hour) });
  }
}
function legendOf(card) {
  const names = Object.entries(TONES).map(([name, tone]) => element("li", tone, name));
  const band = card.question === "posts_por_minuto" ? "band" : "band_hours";
  if (card.chart.figure.layout.shapes?.length) names.push(element("li", "band", phrase(band)));
  if (card.legend.childElementCount !== names.length) card.legend.replaceChildren(...names);
}
function update(chart) {
  const card = cardOf(chart.question), isGaps = chart.question === "saude_horas_sem_tweets";
  const isSame = JSON.stringify(card.chart) === JSON.stringify(chart);
  card.chart = chart;
  if (isSame) return;
  card.root.hidden = isGaps && chart.is_empty && !chart.error;
  card.root.classList.toggle("failed", Boolean(chart.error));
  put(card.sentence, chart.error ? phrase("failed", { question: chart.question, error: chart.error }) : sentenceOf(chart));
  card.sentence.hidden = card.sentence.textContent === "";
  const hasFigure = Boolean(chart.figure) && !(chart.is_empty && !STACKED.includes(chart.question));
  card.box.hidden = !hasFigure;
  card.legend.hidden = !(hasFigure && STACKED.includes(chart.question));
  if (hasFigure) {
    card.box.setAttribute("role", "img");
    card.box.setAttribute("aria-label", phrase("chart", { title: phrase(chart.question), sentence: card.sentence.textContent }));
    if (!card.legend.hidden) legendOf(card);
    draw(card);
  }
  if (chart.question === "ultimos_posts") return latest(card);
  card.details.hidden = !chart.table || (chart.is_empty && !STACKED.includes(chart.question));
  if (card.details.open && chart.table) fillTable(card.scroll, chart.table);
  if (chart.sql && !card.sources.childElementCount) {
    const sql = element("details"), text = element("pre", "scroll", chart.sql);
    text.tabIndex = 0;
    sql.append(element("summary", "", "SQL"), text);
    card.sources.replaceWith(sql);
    card.sources = sql;
  }
}
function draw(card) {
  const width = card.plot.clientWidth;
  if (!window.Plotly || !card.chart?.figure || card.box.hidden || width < WIDTH_LEAST) return;
  const { data, layout, config } = shown(card.chart.figure);
  card.width = width;
  if (layout.xaxis.type === "date") layout.xaxis.nticks = Math.min(layout.xaxis.nticks, Math.max(2, Math.floor(width / 95)));
  Plotly.react(card.plot, data, { ...layout, width }, config);
}
function drawAll() { for (const card of cards.values()) draw(card); }
function latest(card) {
  let list = card.root.querySelector(".latest");
  if (!list) {
    list = element("ul", "latest");
    card.sentence.after(list);
  }
  const table = card.chart.table ?? { columns: [], rows: [] };
  const posts = table.rows.map((row) => {
    const post = Object.fromEntries(table.columns.map((name, place) => [name, row[place]]));
    const item = element("li", TONES[post.sentimento]), when = element("p", "when"), text = element("p", "words", post.texto ?? "");
    const label = element("bdi", "", post.simbolo ? `${post.sentimento} ${post.simbolo}` : post.sentimento);
    when.append(timeOf(post.criado_em), " · ", label);
    text.dir = "auto";
    item.append(when, text);
    return item;
  });
  list.replaceChildren(...posts);
}

// ── Tiles ───────────────────────────────────────────────────────────────────────────────────────────────────────────
const tiles = new Map();
function tile(key, value, sub = "", isWarning = false) {
  if (!tiles.has(key)) {
    const root = element("div", "tile"), title = element("h2", "", phrase(key)), shownValue = element("p", "value"), note = element("p", "sub");
    root.id = `tile-${key}`;
    root.append(title, shownValue, note);
    byId("tiles").append(root);
    tiles.set(key, { root, value: shownValue, sub: note });
  }
  const one = tiles.get(key);
  put(one.value, value);
  put(one.sub, sub);
  one.root.classList.toggle("warn", isWarning);
  return one;
}
const counted = (value) => value === null || value === undefined ? phrase("unknown") : numbers.format(value);
function showTiles({ state, today, charts }) {
  const captured = [state?.last_run, today?.ultima_captura].filter(Boolean).map(instant)[0] ?? null;
  const isStopped = captured !== null && Date.now() - captured > STOPPED_MS;
  tile("posts", counted(state?.tweets)).value.dataset.value = state?.tweets ?? "";
  tile("today", counted(today?.tweets_hoje), phrase("today_note")).value.dataset.value = today?.tweets_hoje ?? "";
  const when = captured ? moments.format(captured) : "";
  tile("captured", captured ? ago(captured) : state ? phrase("never") : phrase("unknown"), isStopped ? `${when} ${phrase("stopped")}` : when, isStopped);
  const lag = today?.atraso_s;
  tile("lag", Number.isInteger(lag) ? phrase("seconds", { n: numbers.format(lag) }) : phrase("unknown"), phrase("lag_note")).value.dataset.value = lag ?? "";
  const month = state?.month;
  tile("month", counted(month?.posts_read), month?.usd == null ? "" : state.is_emulated ? phrase("free") : dollars.format(month.usd)).value.dataset.value = month?.posts_read ?? "";
  tile("waiting", counted(state?.waiting), "", state?.waiting > 100);
  showRejected(tile("rejected", counted(state?.rejected.length), "", state?.rejected.length > 0), state?.rejected ?? []);
  const failed = charts?.find(({ question, error }) => error && !(question in words));
  const problems = [...state?.problems ?? [], ...failed ? [phrase("failed", failed)] : []];
  if (problems.length) tile("problems", counted(problems.length), problems.slice(0, 3).join("\n"), true);
  else if (tiles.has("problems")) { tiles.get("problems").root.remove(); tiles.delete("problems"); }
}
function showRejected({ root }, rejected) {
  const text = JSON.stringify(rejected);
  if (root.dataset.rejected === text) return;
  root.dataset.rejected = text;
  root.querySelector("details")?.remove();
  if (!rejected.length) return;
  const details = element("details"), list = element("ul");
  for (const { key, reason } of rejected.slice(0, 20)) list.append(element("li", "sub", `${key}: ${reason}`));
  details.append(element("summary", "", phrase("reason")), list);
  root.append(details);
}

// ── The whole page ──────────────────────────────────────────────────────────────────────────────────────────────────
let current = null;
function show(next) {
  current = next;
  for (const chart of next.charts) if (chart.question in words) update(chart); // that of the tiles has no card
  const about = [phrase("lake", { lake: next.lake })];
  if (isReport) about.push(phrase("period", next));
  else {
    if (next.state?.is_emulated !== null && next.state) about.push(phrase(next.state.is_emulated ? "emulated" : "real"));
    about.push(phrase("data", { time: clocks.format(new Date(next.at)) }), phrase("zone", { zone: zone() }));
    showTiles(next);
    showEmpty(next);
  }
  put(byId("about"), about.join(" · "));
}
function showEmpty({ state, lake }) {
  const isEmpty = state?.tweets === 0;
  let notice = byId("empty");
  if (!isEmpty) return notice?.remove();
  if (notice) return;
  notice = element("p", "notice", `${phrase("empty")} `);
  notice.id = "empty";
  notice.append(element("code", "", `cargo run -- demo --every 10s --lake ${lake}`));
  byId("tiles").after(notice);
}
function begin() {
  document.documentElement.lang = isPortuguese ? "pt-BR" : "en";
  new ResizeObserver(() => { for (const card of cards.values()) if (card.plot.clientWidth !== card.width) draw(card); }).observe(byId("cards"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", () => { for (const details of document.querySelectorAll("details")) details.open = true; });
  if (isReport) {
    byId("title").after(element("p", "about"));
    byId("title").nextSibling.id = "about";
    return show(JSON.parse(byId("document").textContent));
  }
  document.title = phrase("title");
  for (const key of ["title", "skip", "licences"]) put(byId(key), phrase(key));
  byId("tiles").ariaLabel = phrase("numbers");
  byId("tiles").role = "region";
  showTiles({});
  LIVE.forEach(cardOf);
  byId("plotly").addEventListener("load", drawAll);
  live();
}

// ── Live: one stream of events for all tabs ─────────────────────────────────────────────────────────────────────────
function live() {
  const channel = new BroadcastChannel("panel");
  let heard = Date.now(), isLive = null;
  const setLive = (now) => {
    if (isLive === now) return;
    isLive = now;
    put(byId("status"), phrase(now ? "live" : "lost"));
    byId("dot").className = `dot ${now ? "live" : "lost"}`;
  };
  const refresh = async () => {
    const next = await fetch("/snapshot.json", { cache: "no-cache" }).then((answer) => answer.ok ? answer.json() : null).catch(() => null);
    setLive(next !== null);
    if (!next) return;
    heard = Date.now();
    if (!current || next.version !== current.version || next.at !== current.at) show(next);
  };
  const hear = ({ kind }) => {
    if (kind === "lost") return setLive(false);
    heard = Date.now();
    if (kind === "snapshot" || !isLive) refresh();
  };
  const tell = (kind) => { channel.postMessage({ kind }); hear({ kind }); };
  channel.addEventListener("message", ({ data }) => hear(data));
  const lead = () => {
    const source = new EventSource("/events");
    source.addEventListener("snapshot", () => tell("snapshot"));
    source.addEventListener("beat", () => tell("beat"));
    source.addEventListener("error", () => {
      tell("lost");
      if (source.readyState === EventSource.CLOSED) setTimeout(lead, 3_000); // after a 503 the browser does not try again
    });
  };
  if (navigator.locks) navigator.locks.request("panel", () => new Promise(lead));
  else lead();
  setInterval(() => { if (Date.now() - heard > SILENCE_MS) setLive(false); }, 1_000);
  setInterval(() => { if (current) showTiles(current); }, 1_000);
  setInterval(refresh, 60_000);
  refresh();
}

begin();
