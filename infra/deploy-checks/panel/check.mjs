// What a person would see of `panel`, in headless Chromium: node check.mjs LOCAL [NAME …]
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AXE, FOLDER, HOSTILE, add, chromium, computed, emptyLake, freePort, hostileLake, madeLake, panel, post, run, sleep, snapshot, stillLake } from "./tools.mjs";

const HOUR = 3_600_000;
const names = process.argv.slice(3);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const failures = [];
const assert = (condition, what) => { if (!condition) throw new Error(what); };

async function step(name, check) {
  if (names.length && !names.includes(name)) return;
  const begun = Date.now();
  try {
    const note = await check();
    console.log(`  ok      ${name}${note ? `: ${note}` : ""} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failures.push(name);
    console.log(`  FAILED  ${name}: ${error.message.split("\n").slice(0, 12).join("\n          ")}`);
  }
}

/** Opens a page that records everything that must not happen. */
async function open(url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "pt-BR", timezoneId: "America/Sao_Paulo", ...options });
  const page = await context.newPage(), wrong = [];
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`refused: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  page.on("console", (message) => wrong.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => { if (!/^(http:\/\/127\.0\.0\.1:|file:|data:)/.test(request.url())) wrong.push(`request: ${request.url()}`); });
  if (url) await page.goto(url);
  return { page, context, wrong, close: () => context.close() };
}
const isDrawn = (page, limit = 20_000) => page.waitForFunction(() => {
  const plots = [...document.querySelectorAll(".plot")].filter((plot) => plot.clientWidth);
  return plots.length > 0 && plots.every((plot) => plot.querySelector(".main-svg"));
}, undefined, { timeout: limit });
const text = (page, selector) => page.locator(selector).first().textContent();
const openTables = (page) => page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });

async function crossed(page) {
  for (const plot of await page.locator(".plot:visible").all()) {
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    for (let at = 0.05; at < 1; at += 0.1) await page.mouse.move(box.x + box.width * at, box.y + box.height * (0.3 + 0.4 * at));
  }
}
async function axe(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run());
  assert(!violations.length, violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`).join("\n"));
}
async function fits(page, url) {
  for (const width of [320, 360, 768, 1280, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    await sleep(300);
    const scroll = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(scroll <= width, `${url} is ${scroll} px wide in a window of ${width}`);
  }
}

const full = madeLake("full", 20_000, 26 * HOUR);
const hostile = hostileLake();
const one = emptyLake("one");
add(one, [post(Date.now() - 120_000, "o único post :)", 1, ["Brasil"])]);
const empty = emptyLake("empty");
const served = await panel(full);
await computed(served.url);

await step("nothing is refused, logged, asked or fetched from elsewhere, also under the pointer", async () => {
  for (const [lake, colorScheme] of [[full, "light"], [full, "dark"], [hostile, "light"], [one, "light"], [empty, "dark"]]) {
    const own = lake === full ? served : await panel(lake);
    await computed(own.url);
    const { page, wrong, close } = await open(own.url, { colorScheme });
    await page.waitForFunction(() => document.getElementById("status").textContent === "Ao vivo");
    if (lake !== empty) await isDrawn(page);
    await openTables(page);
    await crossed(page);
    await fits(page, lake);
    await close();
    if (lake !== full) own.stop();
    assert(!wrong.length, `${lake}: ${[...new Set(wrong)].join("\n")}`);
  }
});

await step("tiles and tables are what `sql` answers", async () => {
  const still = stillLake("still"), own = await panel(still);
  await computed(own.url);
  const { page, close } = await open(own.url);
  await isDrawn(page);
  await openTables(page);
  const sql = (name) => run("sql", "--lake", still, "--format", "json", "-f", join("infra/athena", `${name}.sql`)).trim().split("\n").map((line) => JSON.parse(line));
  const rows = (name) => page.evaluate((name) => [...document.querySelectorAll(`#${name} tbody tr`)].map((row) =>
    [...row.cells].map((cell) => cell.dataset.value ?? cell.querySelector("time")?.dateTime ?? cell.textContent)), name);
  let different = ["posts_por_minuto", "sentimento_por_15_minutos", "palavras_da_hora", "hashtags_da_hora", "simbolos_da_hora", "ritmo_por_hora_e_dia"];
  for (let tries = 0; different.length; tries++) { // the last hour moves once a minute, and the page follows
    assert(tries < 10, `the tables of ${different} differ from sql`);
    if (tries) await sleep(10_000);
    const wrong = [];
    for (const name of different) {
      const [shown, want] = [await rows(name), sql(name).map((row) => Object.values(row).map((value) => String(value ?? "")))];
      if (!want.length || JSON.stringify(want) !== JSON.stringify(shown)) wrong.push(name);
    }
    different = wrong;
  }
  const [numbers] = sql("painel_numeros");
  const value = (tile) => page.locator(`#tile-${tile} .value`).getAttribute("data-value");
  assert(await value("posts") === "600", `posts: ${await value("posts")}`);
  assert(await value("today") === String(numbers.tweets_hoje), `today: ${await value("today")}, not ${numbers.tweets_hoje}`);
  assert(await value("lag") === String(numbers.atraso_s), `lag: ${await value("lag")}`);
  await close();
  own.stop();
});

await step("a new post is there within a minute", async () => {
  const { page, close } = await open(served.url);
  await isDrawn(page);
  const begun = Date.now();
  add(full, [post(Date.now() - 500, "acabou de chegar :)", 4)]);
  await page.getByText("acabou de chegar :)").waitFor({ timeout: 60_000 });
  await page.waitForFunction(() => document.querySelector("#tile-posts .value").dataset.value === "20001");
  await close();
  return `${((Date.now() - begun) / 1000).toFixed(1)} s after it was put`;
});

await step("a server that is killed, back, stopped and back is noticed; the charts stay", async () => {
  const port = await freePort(), first = await panel(one, port);
  await computed(first.url);
  const { page, close } = await open(first.url);
  await isDrawn(page);
  const says = (status, limit) => page.waitForFunction((status) => document.getElementById("status").textContent.startsWith(status), status, { timeout: limit });
  const took = async (status, limit) => { const begun = Date.now(); await says(status, limit); return `${((Date.now() - begun) / 1000).toFixed(1)} s`; };
  first.stop();
  const notes = [`killed ${await took("O servidor não responde", 10_000)}`];
  assert(await page.locator(".main-svg").count() > 0, "the charts are gone");
  const second = await panel(one, port);
  notes.push(`back ${await took("Ao vivo", 15_000)}`);
  second.child.kill("SIGSTOP");
  notes.push(`stopped ${await took("O servidor não responde", 60_000)}`);
  second.child.kill("SIGCONT");
  notes.push(`back ${await took("Ao vivo", 30_000)}`);
  second.stop();
  await close();
  return notes.join(", ");
});

await step("eight tabs use one stream, and another takes over", async () => {
  const { page, context, close } = await open(null), streams = new Set();
  context.on("request", (request) => { if (request.url().endsWith("/events")) streams.add(request.frame().page()); });
  const tabs = [page];
  while (tabs.length < 8) tabs.push(await context.newPage());
  for (const tab of tabs) await tab.goto(served.url);
  for (const tab of tabs) await tab.waitForFunction(() => document.getElementById("status").textContent === "Ao vivo" && document.querySelector(".main-svg"));
  assert(streams.size === 1, `${streams.size} streams`);
  const [leader] = streams;
  await leader.close();
  await sleep(1_500);
  assert(streams.size === 2, "no other tab took over");
  await close();
});

await step("axe finds nothing, in both themes, with tables open, in both languages", async () => {
  for (const options of [{ colorScheme: "light" }, { colorScheme: "dark", locale: "en-US" }]) {
    for (const path of ["", "q/sentimento_por_15_minutos"]) {
      const { page, close } = await open(served.url + path, options);
      if (!path) await isDrawn(page);
      await openTables(page);
      await axe(page);
      await close();
    }
  }
});

await step("text on a card has contrast, and the three tones have 3:1", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page, close } = await open(served.url, { colorScheme });
    const ratios = await page.evaluate(() => {
      const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
      const light = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
        .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
      const ratio = (name) => { const [a, b] = [light(color(name)), light(color("card"))].sort((a, b) => b - a); return (a + 0.05) / (b + 0.05); };
      return Object.fromEntries(["text", "quiet", "link", "positive", "neutral", "negative", "slate"].map((name) => [name, ratio(name)]));
    });
    for (const [name, ratio] of Object.entries(ratios)) assert(ratio >= (["text", "quiet", "link"].includes(name) ? 4.5 : 3), `${colorScheme} ${name}: ${ratio}`);
    await close();
  }
});

await step("keyboard: the skip link comes first, tables and sources can be reached", async () => {
  const { page, close } = await open(served.url);
  await isDrawn(page);
  await page.keyboard.press("Tab");
  assert(await page.evaluate(() => document.activeElement.id) === "skip", "the skip link is not first");
  await page.keyboard.press("Enter");
  const reached = new Set();
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => `${document.activeElement.closest(".card")?.id} ${document.activeElement.tagName}`));
  }
  for (const want of ["posts_por_minuto A", "posts_por_minuto SUMMARY", "ultimos_posts A"]) assert(reached.has(want), `${want} is not reached`);
  await close();
});

await step("an open table and the scroll position survive a refresh, and the status stays silent", async () => {
  const { page, close } = await open(served.url);
  await isDrawn(page);
  await page.locator("#posts_por_minuto summary").click();
  await page.locator("#posts_por_minuto tbody tr").first().waitFor();
  await page.evaluate(() => {
    document.querySelector("#posts_por_minuto .scroll").scrollTop = 200;
    window.spoken = 0;
    new MutationObserver(() => window.spoken++).observe(document.getElementById("status"), { childList: true, characterData: true, subtree: true });
  });
  const { version } = await snapshot(served.url);
  add(full, [post(Date.now() - 500, "mais um post", 9)]);
  while ((await snapshot(served.url)).version === version) await sleep(200);
  await page.getByText("mais um post").waitFor();
  const [isOpen, top, spoken] = await page.evaluate(() => [document.querySelector("#posts_por_minuto details").open, document.querySelector("#posts_por_minuto .scroll").scrollTop, window.spoken]);
  assert(isOpen && top === 200 && spoken === 0, `open ${isOpen}, scrolled ${top}, spoken ${spoken}`);
  await close();
});

await step("the language and the zone are the viewer's", async () => {
  const { page, close } = await open(served.url, { locale: "en-US", timezoneId: "Asia/Tokyo" });
  await isDrawn(page);
  assert(await page.evaluate(() => document.documentElement.lang) === "en" && await text(page, "h1") === "Tweets about the President", "not English");
  assert((await text(page, "#about")).includes("Asia/Tokyo (GMT+09:00)"), await text(page, "#about"));
  assert(/\d+:\d\d [AP]M/.test(await text(page, "#posts_por_minuto .plot")), "the axis has no English times");
  await close();
});

await step("texts of posts stay texts", async () => {
  const own = await panel(hostile);
  await computed(own.url);
  const { page, close } = await open(own.url);
  await isDrawn(page);
  const shown = await page.locator(".latest .words").allTextContents();
  for (const post of HOSTILE) assert(shown.includes(post), `not shown as it is: ${post.slice(0, 80)}`);
  assert(await page.locator(".latest img, .latest script, .plot b, .plot a").count() === 0, "a text became an element");
  const tall = await page.locator(".latest li").evaluateAll((items) => Math.max(...items.map((item) => item.clientHeight)));
  assert(tall < 220, `a post is ${tall} px tall`);
  await page.goto(`${own.url}q/ultimos_posts`);
  assert(await page.locator("td img, td script").count() === 0, "a text became an element");
  await close();
  own.stop();
});

await step("no posts, one post, a damaged file and no script have their states", async () => {
  const nothing = await panel(empty);
  await computed(nothing.url);
  let opened = await open(nothing.url);
  await opened.page.getByText("Nenhum post ainda.").waitFor();
  assert(await text(opened.page, "#tile-posts .value") === "0", "posts are not 0");
  await opened.close();
  nothing.stop();

  const broken = madeLake("broken", 600, 80 * HOUR); // one file is older than what the charts of hours read
  const day = new Date(Date.now() - 72 * HOUR).toISOString().slice(0, 10).split("-");
  const folder = join(broken, `xpto-ref/tweets/ano=${day[0]}/mes=${day[1]}/dia=${day[2]}`);
  writeFileSync(join(folder, readdirSync(folder)[0]), "PAR1 damaged PAR1");
  const own = await panel(broken);
  await computed(own.url);
  opened = await open(own.url);
  await opened.page.getByText("A pergunta ritmo_por_hora_e_dia falhou").waitFor();
  await opened.page.waitForFunction(() => document.querySelector("#sentimento_por_15_minutos .main-svg"));
  await opened.close();
  own.stop();

  opened = await open(served.url, { javaScriptEnabled: false });
  await opened.page.getByRole("link", { name: "posts por minuto" }).click();
  assert(await opened.page.locator("tbody tr").count() === 60, "the table of a question needs a script");
  await opened.close();
});

await step("a report opens from disk, prints and holds no text", async () => {
  const file = join(FOLDER, "report.html"), day = (ms) => new Date(ms).toISOString().slice(0, 10);
  run("report", "--lake", full, "--out", file, "--from", day(Date.now() - 48 * HOUR), "--to", day(Date.now()));
  for (const colorScheme of ["light", "dark"]) {
    const { page, wrong, close } = await open(`file://${file}`, { colorScheme });
    await isDrawn(page);
    await crossed(page);
    await openTables(page);
    await fits(page, "the report");
    await axe(page);
    assert(!(await page.locator("#cards").textContent()).includes("acabou de chegar"), "a text of a post is in the report");
    const printed = await page.pdf({ format: "A4" });
    assert(printed.length > 20_000, "the print is empty");
    await close();
    assert(!wrong.length, [...new Set(wrong)].join("\n"));
  }
});
served.stop();

await step("300,000 posts in 3,000 files: the shell at once, tiles in a second, all charts in five", async () => {
  const big = madeLake("big", 300_000, 7 * 24 * HOUR), own = await panel(big), started = Date.now();
  const { page, close } = await open(null);
  await page.goto(own.url);
  const paint = await page.evaluate(() => new Promise((done) => new PerformanceObserver((list) => done(list.getEntriesByName("first-contentful-paint")[0]?.startTime)).observe({ type: "paint", buffered: true })));
  await page.waitForFunction(() => document.querySelector("#tile-today .value").dataset.value > 0, undefined, { timeout: 60_000 });
  const tiles = Date.now() - started;
  await computed(own.url);
  await page.waitForFunction(() => document.querySelectorAll(".plot .main-svg").length >= 6, undefined, { timeout: 60_000 });
  const charts = Date.now() - started;
  add(big, [post(Date.now() - 500, "o novo entre muitos", 1)]);
  const put = Date.now();
  await page.getByText("o novo entre muitos").waitFor({ timeout: 60_000 });
  const refreshed = Date.now() - put;
  await close();
  own.stop();
  const figures = `first paint ${paint.toFixed(0)} ms, tiles ${tiles} ms, charts ${charts} ms, a new post ${refreshed} ms`;
  const slack = Number(process.env.PANEL_SLACK ?? 1);
  assert(paint < 1_000 * slack && tiles < 1_000 * slack && charts < 5_000 * slack, figures);
  return figures;
});

await browser.close();
console.log(failures.length ? `${failures.length} checks failed` : "the panel is as it should be");
process.exit(failures.length ? 1 : 0);
