// Starts the program and the browser, and makes lakes.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const require = createRequire(join(resolve(process.env.PANEL_MODULES ?? "."), "package.json"));
export const { chromium } = require("playwright-core");
export const AXE = require("axe-core").source;
export const LOCAL = resolve(process.argv[2]);
export const FOLDER = mkdtempSync(join(tmpdir(), "panel-"));
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const environment = { PATH: process.env.PATH, HOME: FOLDER, TZ: "UTC" };
export const run = (...options) => execFileSync(LOCAL, options, { env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 28 });

export function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Programs that a check that fails would leave behind. */
const started = [];
process.on("exit", () => {
  started.forEach((child) => child.kill("SIGKILL"));
  rmSync(FOLDER, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** Starts `panel` and waits until it prints its address. */
export async function panel(lake, port) {
  port ??= await freePort();
  const child = spawn(LOCAL, ["panel", "--no-open", "--port", port, ...(lake ? ["--lake", lake] : [])], { env: environment, cwd: FOLDER });
  started.push(child);
  const errors = [];
  child.stderr.on("data", (text) => errors.push(String(text)));
  await new Promise((done, failed) => {
    child.stdout.on("data", (text) => String(text).includes("Ctrl-C") && done());
    child.on("exit", (code) => failed(new Error(`panel ended with ${code}: ${errors.join("")}`)));
  });
  return { child, port, url: `http://127.0.0.1:${port}/`, stop: (signal = "SIGKILL") => { child.removeAllListeners("exit"); child.kill(signal); } };
}

export async function snapshot(url) {
  return (await fetch(`${url}snapshot.json`)).json();
}

/** Waits until all questions were asked. */
export async function computed(url, charts = 9, limit = 120_000) {
  for (const begun = Date.now(); ; await sleep(50)) {
    const now = await snapshot(url);
    if (now.charts.length === charts) return now;
    if (Date.now() - begun > limit) throw new Error(`only ${now.charts.length} charts after ${limit} ms`);
  }
}

// ── Lakes ───────────────────────────────────────────────────────────────────────────────────────────────────────────
const snowflake = (ms, number) => ((BigInt(ms) - 1288834974657n) << 22n) + BigInt(number % 4096);

export function post(ms, text, number = 0, tags = []) {
  const id = String(snowflake(Math.trunc(ms), number));
  const created = new Date(Math.trunc(ms)).toISOString();
  return { id, edit_history_tweet_ids: [id], created_at: created, text, author_id: "7", lang: "pt", entities: { hashtags: tags.map((tag) => ({ tag })) } };
}

let files = 0;
/** Adds posts to a lake as `refine` would: a RAW file and its Parquet files. */
export function add(lake, ...batches) {
  const raw = mkdtempSync(join(FOLDER, "raw-"));
  for (const posts of batches) {
    const [year, month, day] = posts[0].created_at.slice(0, 10).split("-");
    const folder = join(raw, `tweets/ano=${year}/mes=${month}/dia=${day}`);
    mkdirSync(folder, { recursive: true });
    const document = { data: posts, capture: { captured_at: new Date().toISOString(), query: "x" } };
    writeFileSync(join(folder, `${String(files++).padStart(6, "0")}.json`), JSON.stringify(document));
  }
  run("reprocess", "--raw", raw, "--ref", join(lake, "xpto-ref"));
}

export function emptyLake(name) {
  const lake = join(FOLDER, name);
  mkdirSync(join(lake, "xpto-ref/tweets"), { recursive: true });
  return lake;
}

const WORDS = ("presidente brasil disse economia saúde educação planalto congresso ministro governo povo reforma imposto escola hospital "
  + "brasília trabalho estrada obra anúncio salário votação discurso viagem apoio creche energia clima jornal verdade").split(" ");
const SYMBOLS = [":)", ":(", "😂", "❤️", "👍", "👎", "<3", ":D", "😡", "🙏", "😭", "👏", ...Array(12).fill("")];
const TAGS = ["Brasil", "Clima2026", "política", "BomDia", "eleições", "saúde", "educação", "economia", "planalto", "aovivo"];

/** A lake of `count` posts over `span` ms up to now, 100 in a file. */
export const madeLake = (name, count, span) => lakeOf(name, Array.from({ length: count }, (_, number) => span - (number + 0.5) * span / count));

/** A lake whose questions have the same answers for some minutes: no post is near an end of their windows. */
export const stillLake = (name) => lakeOf(name, [[600, 560], [110, 70], [45, 15]].flatMap(([from, to]) =>
  Array.from({ length: 200 }, (_, number) => 60_000 * (from - (from - to) * number / 200))));

/** A lake of seven days with nights, a busy evening and a pause of the capture, for pictures. */
export function busyLake(name) {
  const ages = [], now = new Date();
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let minute = 7 * 24 * 60; minute > 1; minute--) {
    const at = new Date(now - minute * 60_000), hour = (at.getUTCHours() + 21) % 24; // Brasília
    if (minute > 700 && minute < 820) continue;
    const rate = hour < 6 ? 0.6 : 2 + 3 * Math.max(0, Math.sin((hour - 6) / 18 * Math.PI)) + (at.getUTCDay() % 6 === 0 ? 0 : 1.5);
    for (let post = 0; post < rate * (1 + 2 * random()); post++) ages.push(minute * 60_000 - random() * 59_000);
  }
  return lakeOf(name, ages.sort((a, b) => b - a));
}

function lakeOf(name, ages) {
  const lake = emptyLake(name), now = Date.now(), batches = [];
  let seed = 1;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  for (const [number, age] of ages.entries()) {
    const words = Array.from({ length: 5 + random(16) }, () => WORDS[Math.min(random(WORDS.length), random(WORDS.length))]);
    const tags = random(3) ? [] : [TAGS[random(TAGS.length)]];
    const text = [...words, SYMBOLS[random(SYMBOLS.length)], ...tags.map((tag) => `#${tag}`)].join(" ");
    if (number % 100 === 0) batches.push([]);
    batches.at(-1).push(post(now - age, text, number, tags));
  }
  add(lake, ...batches);
  return lake;
}

export const HOSTILE = [
  "<script>alert(1)</script><img src=x onerror=alert(2)> :)", "\u202evirado para o outro lado\u202c e de volta :(", "\u{e000}color:text \ue000cell:0:0:0",
  `${"palavra-sem-fim-".repeat(250)}`, "e\u0301 👩‍👩‍👧‍👦 مرحبا بالعالم #تجربة", "javascript:alert(3) https://t.co/x</table></section>", "`${alert(4)}` {{7*7}} %3Cscript%3E", "\u0000nulo\u0007",
];

export function hostileLake() {
  const lake = emptyLake("hostile"), now = Date.now();
  const tags = ["<b>x</b>", "</script>", "\ue000color:text", "x".repeat(300), "a&b", "__proto__"];
  add(lake, HOSTILE.map((text, number) => post(now - 60_000 - number * 1_000, text, number, tags)));
  writeFileSync(join(lake, "rejected.json"), JSON.stringify([{ key: "tweets/<img src=x onerror=alert(5)>.json", reason: "<script>alert(6)</script>" }]));
  return lake;
}
