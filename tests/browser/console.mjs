// Goes through the console as a person would: asks an API in the browser and follows that request from the map to the
// details of a step; then the other pages, by mouse and by keyboard, in light, dark and on a phone. Ends with an error
// when something is not there, when a page throws, or when the policy of the pages refuses something of their own.
//
//   node console.mjs LINK FOLDER FACTS
//
// FOLDER gets the screenshots and figures.json: {"firstPaintMs", "scriptBytes"}. FACTS is JSON: what the server holds
// (tests/clients/test_console.py makes both).

import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const { chromium } = createRequire(path.join(here, "../../console/package.json"))("playwright-core");

const [link, folder, factsText] = process.argv.slice(2);
const facts = JSON.parse(factsText);
const origin = new URL(link).origin;
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

function must(condition, what) {
  if (!condition) throw new Error(what);
}

function watch(page) {
  page.on("pageerror", (error) => problems.push(`page: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on("dialog", (dialog) => {
    problems.push(`a script of somebody's data ran: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return page;
}

const shoot = (page, name) => page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: false });
const place = (page, name) =>
  page.getByRole("navigation", { name: "Console" }).getByRole("link", { name, exact: true });
const heading = (page, name) => page.getByRole("heading", { name, exact: true }).first().waitFor();

// The API's URL, as somebody types it into the browser; gives the id of the request's trace.
async function askTheApi(context) {
  const page = await context.newPage();
  const response = await page.goto(facts.apiUrl);
  must(response.status() === 200, `the API answered ${response.status()}`);
  const answer = JSON.parse(await page.locator("body").innerText());
  must(answer.userId === "5", "the answer is for the user that was asked for");
  must(answer.recommendations.length > 0, "there are recommendations");
  // A few movies of the set have no title.
  must(answer.recommendations.some((one) => one.title.trim()), "they have titles");
  must(answer.recommendations.every((one) => one.score > 0 && one.score <= 1), "each has a score");
  await shoot(page, "api");
  const trace = /Root=(1-[0-9a-f-]+)/.exec(response.headers()["x-amzn-trace-id"] ?? "")?.[1];
  must(trace, "the answer names its trace");
  await page.close();
  return trace;
}

async function mapToDetails(page, trace) {
  await place(page, "Traces").click();
  const map = page.getByRole("group", { name: "Service map" });
  await map.waitFor();
  // An edge by mouse, the node of the API's stage by keyboard.
  await map.locator(".edge .grip").first().click({ force: true });
  await page.getByRole("heading", { name: /→/ }).waitFor();
  await map.getByRole("button", { name: new RegExp(`^${facts.stage}, `) }).focus();
  await page.keyboard.press("Enter");
  await heading(page, facts.stage);
  await page.getByText("Mean time").waitFor();
  await shoot(page, "map");
  await page.getByRole("button", { name: "Its traces" }).click();
  await page.getByRole("button", { name: "clear" }).waitFor();
  await page.locator("table.traces tbody tr", { hasText: trace }).click();

  const tree = page.getByRole("tree", { name: "Segments" });
  await tree.waitFor();
  must(page.url().includes(trace), "the trace is that of the API's request");
  const steps = await tree.getByRole("treeitem").count();
  must(steps >= 4, `the trace has ${steps} steps: API, function and Personalize are missing`);
  await tree.getByRole("treeitem", { name: new RegExp(`^${facts.stage}, `) }).first().click();
  await page.locator(".inspector .fields", { hasText: "_user_request_" }).first().waitFor();
  await tree.getByRole("treeitem").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Raw JSON" }).click();
  const raw = await page.getByLabel("Raw JSON").last().textContent();
  must(JSON.parse(raw).start_time > 0, "the raw JSON is a segment");
  await page.getByRole("button", { name: "Hide the JSON" }).click();
  await tree.getByRole("treeitem", { name: /^GetRecommendations|^Personalize/i }).first().click();
  await shoot(page, "timeline");
}

async function movies(page) {
  await place(page, "Movies").click();
  await page.locator(".marquee button").nth(1).click();
  await page.locator(".because li").first().waitFor();
  must((await page.locator(".watched li").count()) > 0, "a user has watched something");
  await shoot(page, "movies");
  // With a filter the reasons say that they do not know of it.
  await page.getByLabel("Filter").selectOption("unseen");
  await page.getByText("those included that the filter leaves out").waitFor();
  must(page.url().includes("filter=unseen"), "the address keeps the filter");
}

async function logs(page) {
  await place(page, "Logs").click();
  await page.locator(".picker button").first().click();
  await page.locator(".events li").first().waitFor();
  await shoot(page, "logs");
}

async function workflows(page) {
  const { name, execution, failing, error } = facts.machine;
  await place(page, "Workflows").click();
  await page.getByRole("row", { name: new RegExp(`^${execution} `) }).getByRole("link").click();
  await page.getByText(/took .*, *[0-9,]+ events|took .* events/).waitFor();
  const graph = page.getByRole("group", { name: "State graph" });
  await graph.getByRole("button", { name: new RegExp(`^${failing}, Task: `) }).click();
  await heading(page, failing);
  await page.locator(".inspector .exception", { hasText: error }).waitFor();
  await page.getByLabel("Input", { exact: true }).waitFor();
  must(page.url().includes("state="), "the address keeps the state");
  // From state to state by the arrow keys.
  await page.keyboard.press("Home");
  await heading(page, facts.machine.first);
  await page.keyboard.press("ArrowDown");
  await heading(page, facts.machine.second);
  await page.getByRole("button", { name: "Execution started" }).click();
  await page.getByLabel("Event 1", { exact: true }).waitFor();
  await shoot(page, "execution");
  // What the address says is what is shown.
  await page.goto(`${page.url().split("?")[0]}?state=${encodeURIComponent(failing)}`);
  await heading(page, failing);
  await page.getByRole("link", { name: "Its trace" }).click();
  await page.getByRole("tree", { name: "Segments" }).getByRole("treeitem", { name: new RegExp(`^${name}`) }).first().waitFor();

  // One that runs lights the state in which it stands.
  await place(page, "Workflows").click();
  await page.getByRole("row", { name: new RegExp(`^${facts.running.execution} `) }).getByRole("link").click();
  await page.getByRole("button", { name: `${facts.running.state}, Wait: running` }).waitFor();
  await shoot(page, "running");

  // 25,000 events: a page of them at a time.
  await place(page, "Workflows").click();
  await page.getByRole("row", { name: new RegExp(`^${facts.long.execution} `) }).getByRole("link").click();
  await page.getByText(/· 24,9\d\d events$|· 25,000 events$/).waitFor();
  must((await page.locator(".history tbody tr").count()) === 100, "the history is shown in pages");
  await page.getByRole("button", { name: "Last page" }).click();
  await page.getByText("250 of 250").waitFor();

  // 200 states; names that look like HTML.
  await place(page, "Workflows").click();
  await page.getByRole("link", { name: facts.large.name, exact: true }).click();
  await graph.waitFor();
  must((await graph.getByRole("button").count()) === facts.large.states, "every state is drawn");
  await place(page, "Workflows").click();
  await page.getByRole("row", { name: new RegExp(`^${facts.odd.execution} `) }).getByRole("link").click();
  await graph.getByRole("button", { name: `${facts.odd.state}, Pass: succeeded` }).click();
  await heading(page, facts.odd.state);
  await page.getByLabel("Output", { exact: true }).getByText(facts.odd.text, { exact: false }).waitFor();
}

async function stacks(page) {
  const { name, machine, bucket } = facts.stack;
  await place(page, "Stacks").click();
  await page.getByRole("link", { name, exact: true }).click();
  await heading(page, name);
  const resource = (id) => page.getByRole("row", { name: new RegExp(`^${id} `) });
  await resource("Store").getByText(bucket, { exact: true }).waitFor();
  await shoot(page, "stack");
  await page.getByText("Events", { exact: true }).click();
  await page.getByRole("row", { name: /Machine.*create complete/ }).waitFor();
  await page.getByText("Outputs", { exact: true }).click();
  await page.getByRole("row", { name: /^TheTitle/ }).getByText("Heat").waitFor();
  await page.getByText("Template", { exact: true }).click();
  await page.getByRole("region", { name: "Template" }).getByText("A premiere and what it needs").waitFor();
  await shoot(page, "template");
  await page.goBack();
  await page.getByRole("row", { name: /^TheTitle/ }).waitFor(); // the address keeps the part
  await page.getByText("Resources", { exact: true }).click();
  await resource("Machine").getByRole("link", { name: "States" }).click();
  await heading(page, machine);
  await page.getByRole("group", { name: "State graph" }).getByRole("button", { name: "Only, Pass" }).waitFor();
  await page.getByText("It was not started yet").waitFor(); // and how it is

  await place(page, "Stacks").click();
  await page.getByRole("link", { name: "unlucky", exact: true }).click();
  await page.getByRole("link", { name: "its events" }).or(page.locator(".exception")).first().waitFor();
  await page.getByText("Events", { exact: true }).click();
  await page.getByRole("row", { name: /Taken.*create failed/ }).locator(".detail", { hasText: /\w/ }).waitFor();
}

async function buckets(page) {
  const { name, folder: inner, odd, queue } = facts.bucket;
  await place(page, "Buckets").click();
  await page.getByRole("link", { name, exact: true }).click();
  await page.locator(".notes", { hasText: queue }).getByText("arrivals/").waitFor();
  await page.getByRole("link", { name: inner, exact: true }).click();
  await page.getByRole("link", { name: odd, exact: true }).click(); // a name that looks like HTML
  await page.getByText("It is not text").waitFor();
  await page.getByRole("link", { name: facts.object.name, exact: true }).click();
  const preview = page.getByLabel("Preview");
  await preview.waitFor();
  must((await preview.textContent()) === facts.object.text, "a page in a bucket is shown as text");
  await page.getByText("hand", { exact: true }).waitFor(); // its metadata
  await shoot(page, "bucket");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  must(download.suggestedFilename() === facts.object.name, `it is saved as ${download.suggestedFilename()}`);
  must(readFileSync(await download.path(), "utf8") === facts.object.text, "it is saved as it is");
  // By its address it is saved as well, and never shown.
  const other = await page.context().newPage();
  const [again] = await Promise.all([
    other.waitForEvent("download"),
    other.goto(`${origin}/download?bucket=${name}&key=${encodeURIComponent(inner + facts.object.name)}`).catch(() => {}),
  ]);
  must(again.suggestedFilename() === facts.object.name, "an address leads to a file");
  await other.close();
  // A folder of more than a page.
  await page.getByRole("navigation", { name: "Way to here" }).getByRole("link", { name, exact: true }).click();
  await page.getByRole("link", { name: "many/", exact: true }).click();
  await page.getByRole("button", { name: "Show more" }).click();
  await page.locator("table.rows tbody tr").nth(200).waitFor();
}

async function mail(page) {
  await place(page, "Mail").click();
  await page.getByRole("row", { name: /somebody@example.com/ }).getByRole("link").click();
  await page.getByLabel("Text of the mail").getByText("ConfirmSubscription").waitFor();
  const confirm = page.getByRole("link", { name: "Confirm the subscription" });
  must((await confirm.getAttribute("href")).includes("Action=ConfirmSubscription"), "a subscription can be confirmed");
  await shoot(page, "mail");
}

async function jobs(page) {
  await place(page, "Jobs").click();
  await page.getByRole("link", { name: facts.failedImport.name, exact: true }).click();
  await page.locator(".inspector .exception").getByText(facts.failedImport.reason).waitFor();
  await page.getByText("Glue", { exact: true }).click();
  await page.getByRole("link", { name: facts.script.name, exact: true }).click();
  await page.locator(".inspector .exception").getByText(facts.script.reason).waitFor();
  await page.getByLabel("Arguments").getByText("Heat").waitFor();
  await page.getByRole("link", { name: "Its output" }).click();
  await page.locator(".events").getByText(facts.script.line).waitFor();
  await place(page, "Jobs").click();
  await page.getByText("Trainings", { exact: true }).click();
  await page.getByRole("link", { name: "MoviesModel", exact: true }).first().click();
  await page.getByRole("img", { name: /after sweep 1 to / }).waitFor();
  await page.getByRole("meter", { name: "NDCG at 10", exact: true }).waitFor();
  await shoot(page, "training");
}

// Addresses of what does not exist, or no longer: said, and no page waits for ever.
async function whatIsNotThere(context) {
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(`page: ${error.message}`));
  const machine = encodeURIComponent(facts.machine.arn);
  for (const address of [
    "workflows/none",
    `workflows/${machine}None`,
    `workflows/${machine}/none`,
    "stacks/none",
    "buckets/no-such-bucket",
    `buckets/${facts.bucket.name}?object=none`,
    "mail?mail=none",
    "jobs?job=none",
    "traces/1-00000000-000000000000000000000000",
    "%zz/%zz",
  ]) {
    await page.goto(`${origin}/#/${address}`);
    const told = page.getByRole("alert").or(page.locator(".notice")).or(page.locator(".tiles"));
    await told.first().waitFor();
    await page.locator(".waiting").first().waitFor({ state: "detached" });
  }
  await page.close();
}

const kPlaces = ["home", "movies", "jobs", "workflows", "stacks", "buckets", "mail", "traces", "logs"];

// The same session at night, and on a phone.
async function otherScreens(context, trace) {
  const state = await context.storageState();
  for (const [name, options] of Object.entries({
    dark: { viewport: { width: 1360, height: 860 }, colorScheme: "dark" },
    phone: { viewport: { width: 390, height: 800 }, colorScheme: "light", deviceScaleFactor: 2 },
  })) {
    const other = await browser.newContext({ ...options, storageState: state });
    const view = watch(await other.newPage());
    const look = async (shown, address, seen) => {
      await view.goto(`${origin}/#/${address}`);
      await view.getByRole("heading", { level: 1 }).waitFor();
      if (seen) await view.locator(seen).first().waitFor();
      const wide = await view.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      must(wide <= 1, `${shown} is ${wide} pixels too wide on a screen of ${options.viewport.width}`);
      await shoot(view, `${name}-${shown}`);
    };
    const seen = { home: ".tiles", movies: ".because li", traces: "table.traces tbody tr", logs: ".picker li" };
    for (const one of kPlaces) await look(one, one, seen[one] ?? "table.rows tbody tr");
    await look("stack", `stacks/${facts.stack.name}`, "table.rows tbody tr");
    const object = encodeURIComponent(facts.bucket.folder + facts.object.name);
    await look("bucket", `buckets/${facts.bucket.name}?prefix=${facts.bucket.folder}&object=${object}`, "[aria-label=Preview]");
    const { arn, execution, failing } = facts.machine;
    const to = `workflows/${encodeURIComponent(arn)}/${execution}?state=${encodeURIComponent(failing)}`;
    await look("execution", to, ".inspector .exception");
    await view.goto(`${origin}/#/traces/${trace}`);
    await view.getByRole("tree", { name: "Segments" }).getByRole("treeitem").nth(1).click();
    await shoot(view, `${name}-timeline`);
    if (name === "phone") {
      // What has no place in the bar is behind a button.
      must(!(await place(view, "Logs").isVisible()), "the bar of a phone is short");
      await view.getByRole("button", { name: "More" }).click();
      await shoot(view, "phone-menu");
      await place(view, "Logs").click();
      await heading(view, "Logs");
      must(!(await place(view, "Logs").isVisible()), "the menu closes");
    }
    await other.close();
  }
}

try {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, colorScheme: "light" });
  const trace = await askTheApi(context);
  const page = watch(await context.newPage());
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
  for (const kind of ["Import", "Training", "Stack", /^Execution/]) {
    await page.locator(".jobs small", { hasText: kind }).first().waitFor();
  }
  await shoot(page, "home");

  await mapToDetails(page, trace);
  await movies(page);
  await logs(page);
  await workflows(page);
  await stacks(page);
  await buckets(page);
  await mail(page);
  await jobs(page);
  await whatIsNotThere(context);
  await otherScreens(context, trace);
  must(problems.length === 0, problems.join("\n"));

  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByText("usher console").waitFor(); // how to come back
} catch (error) {
  for (const context of browser.contexts()) {
    for (const page of context.pages()) await shoot(page, "failed").catch(() => {});
  }
  for (const problem of problems) console.error(problem);
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
}
