// Pictures of `panel` and of a report for people to look at: node pictures.mjs LOCAL DIR. README.md shows one of them.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { FOLDER, add, busyLake, chromium, computed, emptyLake, hostileLake, panel, post, run } from "./tools.mjs";

const HOUR = 3_600_000;
const folder = process.argv[3];
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });

async function take(name, url, width, options = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale: "pt-BR", timezoneId: "America/Sao_Paulo", ...options });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForTimeout(4_000);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  await context.close();
}

/** Emulated posts of the last hours: `demo` on a lake of its own. */
const emulated = join(FOLDER, "lake");
run("demo", "--lake", emulated);
const one = emptyLake("one");
add(one, [post(Date.now() - 120_000, "o único post :)", 1, ["Brasil"])]);
for (const [name, lake] of [["emulated", emulated], ["full", busyLake("lake-of-pictures")], ["empty", emptyLake("empty")], ["one", one], ["hostile", hostileLake()]]) {
  const own = await panel(lake);
  await computed(own.url);
  await take(`${name}-light`, own.url, 1280);
  if (name === "full") {
    await take("full-dark", own.url, 1280, { colorScheme: "dark" });
    await take("full-narrow", own.url, 360, { locale: "en-US", timezoneId: "America/New_York" });
    await take("full-wide", own.url, 1920, { colorScheme: "dark" });
    await take("question", `${own.url}q/simbolos_da_hora`, 800);
    const day = (ms) => new Date(ms).toISOString().slice(0, 10), report = join(FOLDER, "report.html");
    run("report", "--lake", lake, "--out", report, "--from", day(Date.now() - 48 * HOUR), "--to", day(Date.now()));
    await take("report", `file://${report}`, 1280);
  }
  own.stop();
}
await browser.close();
