// Goes through the console as a person would: by the link, from the map to a trace to the details of a step, then the
// other pages. Ends with an error when something is not there, when a page throws, or when the policy of the pages
// refuses something of their own.
//
//   node console.mjs LINK FOLDER [--real-traces]
//
// FOLDER gets the screenshots and figures.json: {"firstPaintMs", "scriptBytes"}. Without --real-traces X-Ray's answers
// come from xray_fixture.mjs.

import { createRequire } from "node:module";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { answers } from "./xray_fixture.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const { chromium } = createRequire(path.join(here, "../../console/package.json"))("playwright-core");

const [link, folder, ...flags] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const problems = [];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const kFilter = 'service("LambdaRealTimeAPI")';

function must(condition, what) {
  if (!condition) throw new Error(what);
}

async function newPage(context) {
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(`page: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  if (!flags.includes("--real-traces")) {
    await page.route("**/api/xray/*", (route) => {
      const name = new URL(route.request().url()).pathname.split("/").pop();
      return route.fulfill({ json: answers[name](route.request().postDataJSON()) });
    });
  }
  return page;
}

async function shoot(page, name) {
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: false });
}

async function mapToDetails(page) {
  const place = (name) => page.getByRole("link", { name, exact: true });
  await place("Traces").click();
  const map = page.getByRole("group", { name: "Service map" });
  await map.waitFor();
  // An edge by mouse, a node by keyboard.
  await map.locator(".edge .grip").first().click({ force: true });
  await page.getByRole("heading", { name: /→/ }).waitFor();
  await map.locator(".node").nth(1).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Mean time").waitFor();
  await shoot(page, "map");
  // Traces of the function alone: calls from outside are traces of one step.
  await page.getByLabel("Filter expression").fill(kFilter);
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("button", { name: "clear" }).waitFor();
  await page.locator("table.traces tbody tr", { hasText: /LambdaRealTimeAPI|\/dev/ }).first().click();
  const tree = page.getByRole("tree", { name: "Segments" });
  await tree.waitFor();
  const steps = await tree.getByRole("treeitem").count();
  must(steps >= 2, `a trace has ${steps} steps`);
  await tree.getByRole("treeitem").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Raw JSON" }).click();
  const raw = await page.getByLabel("Raw JSON").last().textContent();
  must(JSON.parse(raw).start_time > 0, "the raw JSON is a segment");
  await page.getByRole("button", { name: "Hide the JSON" }).click();
  const invocation = tree.getByRole("treeitem", { name: /^Invocation/ });
  if ((await invocation.count()) > 0) await invocation.first().click();
  await shoot(page, "timeline");
}

try {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, colorScheme: "light" });
  const page = await newPage(context);
  await page.goto(link);
  await page.getByRole("heading", { level: 1 }).waitFor();
  must(!page.url().includes("token"), "the token left the address");
  await page.locator(".tiles").waitFor();
  const figures = await page.evaluate(() => ({
    firstPaintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1,
    scriptBytes: performance
      .getEntriesByType("resource")
      .filter((one) => one.name.endsWith(".js"))
      .reduce((sum, one) => sum + one.encodedBodySize, 0),
  }));
  writeFileSync(path.join(folder, "figures.json"), JSON.stringify(figures));
  if (flags.includes("--movies")) {
    for (const kind of ["Import", "Training", /^Execution/]) {
      await page.locator(".jobs small", { hasText: kind }).first().waitFor();
    }
  }
  await shoot(page, "home");

  await mapToDetails(page);

  await page.getByRole("link", { name: "Movies", exact: true }).click();
  if (flags.includes("--movies")) {
    await page.locator(".marquee button").nth(1).click();
    await page.locator(".because li").first().waitFor();
    must((await page.locator(".watched li").count()) > 0, "a user has watched something");
  }
  await shoot(page, "movies");

  await page.getByRole("link", { name: "Logs", exact: true }).click();
  if (flags.includes("--logs")) {
    await page.locator(".picker button").first().click();
    await page.locator(".events li").first().waitFor();
  }
  await shoot(page, "logs");

  // The same session at night, and on a phone.
  const state = await context.storageState();
  for (const [name, options] of Object.entries({
    dark: { viewport: { width: 1360, height: 860 }, colorScheme: "dark" },
    phone: { viewport: { width: 390, height: 800 }, colorScheme: "light", deviceScaleFactor: 2 },
  })) {
    const other = await browser.newContext({ ...options, storageState: state });
    const view = await newPage(other);
    const origin = new URL(link).origin;
    for (const place of ["home", "movies", "traces", "logs"]) {
      await view.goto(`${origin}/#/${place}`);
      await view.getByRole("heading", { level: 1 }).waitFor();
      if (place === "home") await view.locator(".tiles").waitFor();
      if (place === "movies" && flags.includes("--movies")) await view.locator(".because li").first().waitFor();
      if (place === "traces") await view.locator("table.traces tbody tr").first().waitFor();
      const wide = await view.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      must(wide <= 1, `${place} is ${wide} pixels too wide on a screen of ${options.viewport.width}`);
      await shoot(view, `${name}-${place}`);
    }
    await view.goto(`${origin}/#/traces?filter=${encodeURIComponent(kFilter)}`);
    await view.locator("table.traces tbody tr", { hasText: /LambdaRealTimeAPI|\/dev/ }).first().click();
    await view.getByRole("tree", { name: "Segments" }).getByRole("treeitem").nth(1).click();
    await shoot(view, `${name}-timeline`);
    await other.close();
  }
  must(problems.length === 0, problems.join("\n"));

  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByText("usher console").waitFor(); // how to come back
} catch (error) {
  for (const problem of problems) console.error(problem);
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
}
