import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Stack } from "../end-to-end/stack.ts";
import { count, type Steady, steady } from "../support/client.ts";
import { type Browser, CHROMIUM, startBrowser, type Tab, violations } from "./browser.ts";
import { type Door, openDoor } from "./door.ts";
import { soon } from "./soon.ts";

if (CHROMIUM === null) console.log("the dashboard is not tested in a browser: there is no Chromium (apt-get install chromium)");

/** Steps that last until somebody clicks, judged by nginx's log, so that there are curves, too. */
const SERVICE = `      served: { source: nginx, measure: errors, window: 1s, interval: 250ms }
    canary:
      steps: [{ share: 20%, for: 1s }, { share: 50%, for: 10m }]
      checks: [{ metric: served, below: 5%, minRequests: 10 }]
      bake: 0s`;

let stack: Stack;
let door: Door;
let browser: Browser;
let clients: Steady;
let admin: string;

async function signedIn(token: string, look: Parameters<Browser["open"]>[0] = {}): Promise<Tab> {
  const tab = await browser.open(look);
  await tab.page.goto(`${door.url}/#token=${token}`);
  await tab.page.locator('[data-link="live"]').waitFor();
  return tab;
}

async function onService(tab: Tab): Promise<Page> {
  await tab.page.getByRole("link", { name: "web" }).click();
  await tab.page.locator('[data-service="web"] h1').waitFor();
  return tab.page;
}

const button = (page: Page, verb: string) => page.locator(`[data-verb="${verb}"]`);
const phase = (page: Page, name: string) => page.locator(`.headline [data-phase="${name}"]`);

/** Ends what a test left under way. */
async function idle(): Promise<void> {
  const { rollout } = await stack.service();
  if (rollout === null || rollout.phase === "reverted") return;
  await stack.api("POST", "/v1/services/web/rollout/abort", {});
  await stack.reaches("reverted");
}

async function started(): Promise<void> {
  expect((await stack.api("POST", "/v1/services/web/rollouts", { strategy: "canary", version: "v7" })).status).toBe(201);
}

describe.skipIf(CHROMIUM === null)("the dashboard, in a browser", () => {
  beforeAll(async () => {
    [stack, browser] = await Promise.all([Stack.start({ service: SERVICE, logOff: false }), startBrowser()]);
    await stack.serve();
    await stack.applied();
    door = await openDoor(stack.socket);
    clients = steady(stack.url, { connections: 4, pauseMs: 10 });
    admin = readFileSync(join(stack.nginx.prefix, "state/token"), "utf8").trim();
  }, 60_000);

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await clients?.[Symbol.asyncDispose]();
    await door?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
  });

  afterEach(idle);

  test("a canary is started from the form, watched step by step, and aborted with one click", { timeout: 90_000 }, async () => {
    const tab = await browser.open();
    const { page } = tab;
    await page.goto(door.url);
    await page.getByLabel("Token").fill(admin);
    await page.getByRole("button", { name: "Sign in" }).click();
    await onService(tab);

    await button(page, "start").click();
    await page.getByLabel("Version").fill("v7");
    await page.getByRole("rowheader", { name: "20 %" }).waitFor();
    await page.locator('[data-confirm="start"][aria-disabled="false"]').click();

    await page.locator('[data-step="0"][data-state="done"]').waitFor({ timeout: 30_000 });
    await page.locator('[data-step="1"][data-state="now"]').getByText("left").waitFor();
    await soon(() => page.locator('[data-shares="in nginx"]').textContent()).toMatch(/green\s50\s?%/);
    await soon(() => page.locator('[data-check="served"]').getAttribute("data-is")).toBe("pass");
    await soon(() => page.getByRole("figure", { name: /Requests per second: blue [\d.]+, green [\d.]+/ }).count()).toBe(1);
    await soon(() => page.locator(".evidence").getAttribute("data-pass")).toBe("1");

    await button(page, "abort").click();
    await phase(page, "reverted").waitFor();
    await soon(() => page.locator('[data-kind="reverted"]').first().textContent()).toContain("aborted by admin");
    expect(await count(stack.url, 40)).toEqual({ blue: 40 });
    expect(tab.complaints).toEqual([]);
    expect([...tab.origins]).toEqual([door.url]);
  });

  test("an abort needs no mouse", { timeout: 30_000 }, async () => {
    await started();
    const page = await onService(await signedIn(admin));
    await phase(page, "observing").waitFor();
    await button(page, "abort").focus();
    await page.keyboard.press("Enter");
    await phase(page, "reverted").waitFor();
  });

  test("what cannot be taken back asks first, and says what it will do", { timeout: 30_000 }, async () => {
    await started();
    const page = await onService(await signedIn(admin));
    await phase(page, "observing").waitFor();
    await button(page, "promote").click();
    const dialog = page.getByRole("dialog", { name: "Promote web?" });
    expect(await dialog.textContent()).toMatch(/Sends 100\s?% to green now/);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    // It goes on by its own steps, and not to the whole traffic.
    const { rollout, wanted } = await stack.service();
    expect(["applying", "observing", "waiting"]).toContain(rollout?.phase);
    expect(wanted.shares.green).toBeLessThan(10_000);
    await button(page, "pause").click();
    await phase(page, "paused").waitFor();
    expect(await button(page, "advance").getAttribute("aria-disabled")).toBe("true");
    expect(await page.locator("#why-advance").textContent()).toContain("paused");
  });

  test("a lost connection is told, switches actions off, and is caught up with", { timeout: 60_000 }, async () => {
    const page = await onService(await signedIn(admin));
    await stack.killController();
    try {
      await page.getByRole("alert").getByText("Not live").waitFor();
      await page.locator('[data-link="stale"]').waitFor();
      expect(await button(page, "start").getAttribute("aria-disabled")).toBe("true");
      expect(await page.locator("#why-start").textContent()).toContain("actions are off");
    } finally {
      await stack.serve();
    }
    await started();
    await page.locator('[data-link="live"]').waitFor({ timeout: 15_000 });
    await phase(page, "observing").waitFor();
    await page.locator('[data-kind="started"]').first().waitFor({ timeout: 3_000 });
    expect(await button(page, "abort").getAttribute("aria-disabled")).toBe("false");
    await button(page, "abort").click();
    await phase(page, "reverted").waitFor();
  });

  test("a token that may only read sees everything, and each button says what is missing", { timeout: 30_000 }, async () => {
    const made = await stack.api("POST", "/v1/tokens", { name: "watcher", scope: "read" });
    const { token } = made.body as { token: string };
    await started();
    const tab = await signedIn(token);
    const page = await onService(tab);
    await page.getByText("read only").waitFor();
    await phase(page, "observing").waitFor();
    for (const verb of ["advance", "promote", "pause", "abort"]) {
      expect(await button(page, verb).getAttribute("aria-disabled"), verb).toBe("true");
      expect(await page.locator(`#why-${verb}`).textContent(), verb).toContain("needs the scope operate");
    }
    // Whoever drives the browser leaves alone what says that it is disabled, unless forced.
    await button(page, "abort").click({ force: true });
    const drain = page.getByRole("button", { name: /^Drain/ });
    await drain.first().click({ force: true });
    expect((await stack.rollout()).phase).toBe("observing");
    expect(tab.complaints).toEqual([]);
  });

  test("a wrong token is refused in words", async () => {
    const { page } = await browser.open();
    await page.goto(`${door.url}/#token=sluice_nothing`);
    await page.getByRole("alert").getByText("not one of this controller").waitFor();
    expect(page.url()).not.toContain("token");
  });

  test("a member is drained and put back", { timeout: 30_000 }, async () => {
    const page = await onService(await signedIn(admin));
    const member = stack.green[0]?.address ?? "";
    await page.getByRole("button", { name: `Drain ${member}` }).click();
    await page.locator(`[data-member="${member}"][data-state="draining"]`).waitFor();
    await page.getByRole("button", { name: `Put back ${member}` }).click();
    await page.locator(`[data-member="${member}"][data-state="ready"]`).waitFor();
  });

  test.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
  ] as const)("axe finds nothing, %s at %i px", { timeout: 60_000 }, async (scheme, width) => {
    const first = await browser.open({ scheme, width });
    await first.page.goto(door.url);
    await first.page.getByLabel("Token").waitFor();
    expect(await violations(first.page)).toEqual([]);
    await started();
    const tab = await signedIn(admin, { scheme, width });
    expect(await violations(tab.page)).toEqual([]);
    const page = await onService(tab);
    await phase(page, "observing").waitFor();
    await page.locator(".evidence").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    await idle();
    await button(page, "start").click();
    await page.locator(".planned").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(tab.complaints).toEqual([]);
  });
});
