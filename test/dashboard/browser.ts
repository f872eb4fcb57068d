import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { findChromium } from "../../scripts/chromium.mjs";
import { buildDashboard, whyBuild } from "../../scripts/dashboard.mjs";
import { root } from "../support/sources.ts";

/** Chromium of this machine, or null: the tests in it are then skipped. */
export const CHROMIUM = findChromium();

/** Nothing of its own accord goes out to the network, and no sandbox, which root has no use of. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export type Look = {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
  readonly scale?: number;
};

/** A real browser with a profile of its own. */
export type Browser = AsyncDisposable & {
  /** A tab with its own storage. */
  open(look?: Look): Promise<Tab>;
};

export type Tab = {
  readonly page: Page;
  /** What was said on the console at the levels warning and error, and errors that nobody caught. */
  readonly complaints: readonly string[];
  /** Where requests went. */
  readonly origins: ReadonlySet<string>;
  /** Leaves the page, and forgets what is kept in the tab and what was seen there: another tab would cost more than most tests. */
  leave(): Promise<void>;
};

/** Starts it, and builds the dashboard where it is older than its sources. */
export async function startBrowser(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error("there is no Chromium: apt-get install chromium");
  if (whyBuild(root) !== null) await buildDashboard(process.execPath, root);
  const profile = mkdtempSync(join(tmpdir(), "sluice-browser-"));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS, env: { ...process.env, HOME: profile } });
  return {
    async open({ width = 1280, height = 900, scheme = "light", scale = 1 } = {}) {
      const viewport = { width, height };
      const looks = { viewport, colorScheme: scheme, deviceScaleFactor: scale, reducedMotion: "reduce" } as const;
      const context = await browser.newContext({ ...looks, timezoneId: "UTC" });
      // Sooner than the test, so that the error says what was waited for.
      context.setDefaultTimeout(SOON_MS);
      return watched(context, await context.newPage());
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

function watched(context: BrowserContext, page: Page): Tab {
  const complaints: string[] = [];
  const origins = new Set<string>();
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  context.on("request", (request) => origins.add(new URL(request.url()).origin));
  return {
    page,
    complaints,
    origins,
    async leave() {
      if (page.url() !== BLANK) await page.evaluate("sessionStorage.clear()");
      await page.goto(BLANK);
      complaints.length = 0;
      origins.clear();
    },
  };
}

const BLANK = "about:blank";

/** How long the page may take to show what it is told to show; a machine may be busy. */
export const SOON_MS = 20_000;

/** What axe-core finds against WCAG 2.2 AA and its best practices, one line each. */
export async function violations(page: Page): Promise<readonly string[]> {
  if (await page.evaluate("typeof axe === 'undefined'")) {
    // Through the debugger, not as a script of the page, which its policy would not let in.
    await page.evaluate(await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  }
  type Violation = { id: string; help: string; nodes: { html: string; failureSummary?: string }[] };
  // What it does not object to is long, and nobody reads it here.
  const found = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  )) as Violation[];
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html} ${failureSummary ?? ""}`),
  );
}
