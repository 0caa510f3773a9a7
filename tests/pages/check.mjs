// Pages that Dateline writes, opened in a real headless Chromium and held against axe-core, in both themes, wide and narrow.
//
//     node check.mjs [--pictures FOLDER] PAGE.html...
//
// A page must have no finding of axe-core (WCAG 2.2 AA and best practices), ask no network, run without an error, not be
// wider than its window, and let the keyboard reach all that scrolls or opens. Exit status 1 names what is wrong.
// CHROMIUM is the browser's path, /usr/bin/chromium by default.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");
const { values, positionals: pages } = parseArgs({ options: { pictures: { type: "string" } }, allowPositionals: true });
const WIDTHS = [390, 1100];
const THEMES = ["light", "dark"];

async function check(browser, page, theme, width) {
  const wrong = [];
  // The page forbids scripts; axe-core is one that the test brings.
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height: 900 }, bypassCSP: true });
  const tab = await context.newPage();
  tab.on("request", (request) => request.url().startsWith("file:") || request.url().startsWith("data:") || wrong.push(`asks for ${request.url()}`));
  tab.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  tab.on("dialog", (dialog) => { wrong.push(`opens a dialog: ${dialog.message()}`); dialog.dismiss(); });
  await tab.goto(`file://${resolve(page)}`);
  await tab.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  await tab.evaluate(axe);
  const found = await tab.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const { id, help, nodes } of found.violations) {
    wrong.push(`${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ")} (${nodes.length})`);
  }
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) wrong.push(`is ${wide} px wider than its window`);
  const deaf = await tab.evaluate(() =>
    [...document.querySelectorAll("*")].filter((each) => each.scrollWidth > each.clientWidth + 1
      && getComputedStyle(each).overflowX.match(/auto|scroll/) && each.tabIndex < 0).length);
  if (deaf) wrong.push(`${deaf} parts scroll, and the keyboard does not reach them`);
  if (await tab.$("#flame")) wrong.push(...await walkFlame(tab));
  if (values.pictures) {
    await tab.screenshot({ path: `${values.pictures}/${basename(page, ".html")}-${theme}-${width}.png`, fullPage: true });
  }
  await context.close();
  return wrong.map((what) => `${page}, ${theme}, ${width} px: ${what}`);
}

// The flame graph by keyboard: down to a function, widened by Enter, and back by Escape.
async function walkFlame(tab) {
  const told = () => tab.textContent("#told");
  const wide = () => tab.evaluate(() => parseFloat(document.activeElement.style.width));
  await tab.focus("#flame button[tabindex='0']");
  const first = await told();
  await tab.keyboard.press("ArrowDown");
  const second = await told();
  await tab.keyboard.press("Enter");
  const widened = await wide();
  await tab.keyboard.press("Escape");
  const back = await told();
  const good = first.startsWith("all:") && second !== first && second && widened > 99.9 && back === first && await wide() > 99.9;
  return good ? [] : [`the keyboard does not move in the flame graph: ${JSON.stringify([first, second, widened, back])}`];
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"],
});
const wrong = [];
for (const page of pages) for (const theme of THEMES) for (const width of WIDTHS) wrong.push(...await check(browser, page, theme, width));
await browser.close();
if (!pages.length) wrong.push("no page was given");
console.log(wrong.length ? wrong.join("\n") : `${pages.length} pages are well in ${THEMES.length} themes and ${WIDTHS.length} widths`);
process.exitCode = wrong.length ? 1 : 0;
