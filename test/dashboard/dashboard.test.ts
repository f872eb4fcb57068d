import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ask, count } from "../support/client.ts";
import { CHROMIUM, violations } from "./browser.ts";
import { button, Desk, onService, phase, said } from "./desk.ts";
import { soon } from "./soon.ts";

if (CHROMIUM === null) console.log("the dashboard is not tested in a browser: there is no Chromium (apt-get install chromium)");

describe.skipIf(CHROMIUM === null)("the dashboard, in a browser", { timeout: 120_000 }, () => {
  let desk: Desk;

  beforeAll(async () => {
    desk = await Desk.start();
  }, 60_000);

  afterAll(() => desk?.[Symbol.asyncDispose]());

  afterEach(() => desk.clear(), 60_000);

  test("a canary is started from the form, watched step by step, and aborted with one click", async () => {
    const { tab } = desk;
    const { page } = tab;
    await page.goto(desk.url);
    await page.getByLabel("Token").fill(desk.admin);
    await page.getByRole("button", { name: "Sign in" }).click();
    await onService(tab);

    await button(page, "start").click();
    await page.getByLabel("Version").fill("v7");
    await page.getByRole("rowheader", { name: "20 %" }).waitFor();
    await page.locator('[data-confirm="start"][aria-disabled="false"]').click();

    await page.locator('[data-step="0"][data-state="done"]').waitFor({ timeout: 60_000 });
    await page.locator('[data-step="1"][data-state="now"]').getByText("left").waitFor();
    await soon(() => page.locator('[data-shares="in nginx"]').textContent()).toMatch(/green\s50\s?%/);
    await soon(() => page.locator('[data-check="served"]').getAttribute("data-is")).toBe("pass");
    await soon(() => page.getByRole("figure", { name: /Requests per second: blue [\d.]+, green [\d.]+/ }).count()).toBe(1);
    await soon(() => page.locator(".evidence").getAttribute("data-pass")).toBe("1");

    await button(page, "abort").click();
    await phase(page, "reverted").waitFor();
    await soon(() => page.locator('[data-kind="reverted"]').first().textContent()).toContain("aborted by admin");
    expect(await count(desk.stack.url, 40)).toEqual({ blue: 40 });
    expect(tab.complaints).toEqual([]);
    expect([...tab.origins]).toEqual([desk.url]);
  });

  test("an abort needs no mouse", async () => {
    await desk.started();
    const page = await onService(await desk.signedIn());
    await phase(page, "observing").waitFor();
    await button(page, "abort").focus();
    expect(await said(page, "abort")).toContain("Sends all traffic back to blue now");
    await page.keyboard.press("Enter");
    await phase(page, "reverted").waitFor();
    await page.keyboard.press("Shift+R");
    await page.getByRole("dialog").getByText("from its first step").waitFor();
    await page.getByRole("button", { name: "Try again", exact: true }).last().click();
    await phase(page, "observing").waitFor();
  });

  test("what cannot be taken back asks first, and says what it will do", async () => {
    await desk.started();
    const page = await onService(await desk.signedIn());
    await phase(page, "observing").waitFor();
    await button(page, "promote").click();
    const dialog = page.getByRole("dialog", { name: "Promote web?" });
    expect(await dialog.textContent()).toMatch(/Sends 100\s?% to green now/);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    // It goes on by its own steps, and not to the whole traffic.
    const { rollout, wanted } = await desk.stack.service();
    expect(["applying", "observing", "waiting"]).toContain(rollout?.phase);
    expect(wanted.shares.green).toBeLessThan(10_000);
    await button(page, "pause").click();
    await phase(page, "paused").waitFor();
    expect(await button(page, "advance").getAttribute("aria-disabled")).toBe("true");
    expect(await said(page, "advance")).toContain("paused");
  });

  test("a lost connection is told, switches actions off, and is caught up with", async () => {
    const page = await onService(await desk.signedIn());
    await desk.stack.killController();
    try {
      await page.getByRole("alert").getByText("Not live").waitFor({ timeout: 60_000 });
      await page.locator('[data-link="stale"]').waitFor();
      expect(await button(page, "start").getAttribute("aria-disabled")).toBe("true");
      expect(await said(page, "start")).toContain("actions are off");
    } finally {
      await desk.stack.serve();
    }
    await desk.started();
    await page.locator('[data-link="live"]').waitFor({ timeout: 60_000 });
    await phase(page, "observing").waitFor();
    await page.locator('[data-kind="started"]').first().waitFor();
    expect(await button(page, "abort").getAttribute("aria-disabled")).toBe("false");
    await button(page, "abort").click();
    await phase(page, "reverted").waitFor();
  });

  test("a token that may only read sees everything, and each button says what is missing", async () => {
    const made = await desk.stack.api("POST", "/v1/tokens", { name: "watcher", scope: "read" });
    const { token } = made.body as { token: string };
    await desk.started();
    const tab = await desk.signedIn(token);
    const page = await onService(tab);
    await page.getByText("read only").waitFor();
    await phase(page, "observing").waitFor();
    for (const verb of ["advance", "promote", "pause", "abort"]) {
      expect(await button(page, verb).getAttribute("aria-disabled"), verb).toBe("true");
      expect(await said(page, verb), verb).toMatch(/may only read\. .*Needs the scope operate/);
    }
    // Whoever drives the browser leaves alone what says that it is disabled, unless forced.
    await button(page, "abort").click({ force: true });
    const drain = page.getByRole("button", { name: /^Drain/ });
    await drain.first().click({ force: true });
    expect(["applying", "observing", "waiting"]).toContain((await desk.stack.rollout()).phase);
    expect(tab.complaints).toEqual([]);
  });

  test("a wrong token is refused in words", async () => {
    const { page } = desk.tab;
    await page.goto(`${desk.url}/#token=sluice_nothing`);
    await page.getByRole("alert").getByText("not one of this controller").waitFor();
    expect(page.url()).not.toContain("token");
  });

  test("a drain waits for the request in flight, and says when the member may be stopped", async () => {
    const tab = await desk.signedIn();
    const page = await onService(tab);
    const [member] = desk.stack.blue;
    if (member === undefined) throw new Error("blue has members");
    const { promise: gate, resolve: answer } = Promise.withResolvers<void>();
    const before = member.count;
    member.setGate(gate);
    const slow = Array.from({ length: 6 }, () => ask(desk.stack.url));
    await soon(() => member.count).toBeGreaterThan(before);
    await page.getByRole("button", { name: `Drain ${member.address}` }).click();
    const row = page.locator(`[data-member="${member.address}"]`);
    await row.getByText("draining").waitFor();
    await soon(async () => Number(await row.locator("[data-label='in flight']").textContent())).toBeGreaterThan(0);
    expect(await row.locator(".state").textContent()).toBe("draining");
    member.setGate(Promise.resolve());
    answer();
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(Array(6).fill(200));
    await row.getByText("may be stopped").waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: `Put back ${member.address}` }).click();
    await row.getByText("in service").waitFor();
    expect(tab.complaints).toEqual([]);
  });

  test("what was promoted is undone, and the history says what else can be gone back to", async () => {
    await desk.started("blue-green");
    await desk.stack.reaches("promoted");
    const page = await onService(await desk.signedIn());
    await page.locator('[data-verb="undo"][aria-disabled="false"]').click();
    const dialog = page.getByRole("dialog", { name: "Undo web?" });
    expect(await dialog.textContent()).toMatch(/Brings back what was stable before: blue, /);
    await dialog.getByRole("button", { name: "Undo" }).click();
    await page.getByText("All traffic is on blue.").waitFor();
    await desk.stack.reaches("promoted");
    expect(await count(desk.stack.url, 10)).toEqual({ blue: 10 });
    await page.locator("[data-revision]").getByText("undo to").waitFor();
    await page
      .getByRole("button", { name: /^Go back to revision/ })
      .first()
      .click();
    await page.getByRole("dialog").getByText("brings v7 on green back").waitFor();
  });

  test("members are updated in place: one is tried again, one skipped, one left out, each by a click", async () => {
    const tab = await desk.signedIn();
    const page = await onService(tab);
    const [first = "", second = "", third = ""] = desk.stack.blue.map(({ address }) => address);
    const failures = desk.clients.failures.length;
    await button(page, "start").click();
    await page.getByLabel("Strategy").selectOption("rolling");
    await page.getByLabel("Version").fill("v8");
    await page.locator('[data-confirm="start"][aria-disabled="false"]').click();
    const row = (member: string, state: string) => page.locator(`[data-updating="${member}"][data-state="${state}"]`);
    const decide = { timeout: 60_000 };

    await row(first, "failed").waitFor(decide);
    await page.getByText("Batch 1 of 3. No member is taken out").waitFor();
    await page.getByRole("region", { name: "Update", exact: true }).getByRole("alert").getByText(first).waitFor();
    await page.locator(`[data-member="${first}"][data-state="draining"]`).waitFor();
    desk.releaseFor(first);
    await button(page, "retry").click();
    await row(first, "updated").getByText("v8").waitFor(decide);

    await row(second, "failed").waitFor(decide);
    await page.getByText("Batch 2 of 3. No member is taken out").waitFor();
    await page.getByRole("button", { name: `Skip ${second}` }).click();
    await row(second, "skipped").waitFor();
    await row(third, "failed").waitFor(decide);
    await page.getByRole("button", { name: `Exclude ${third}` }).click();
    await row(third, "excluded").waitFor();
    await phase(page, "promoted").waitFor(decide);
    await page.locator(`[data-member="${second}"][data-state="ready"]`).waitFor();
    await page.getByRole("button", { name: `Put back ${third}` }).click();
    await page.locator(`[data-member="${third}"][data-state="ready"]`).waitFor();
    expect(desk.clients.failures.slice(failures)).toEqual([]);
    expect(tab.complaints).toEqual([]);
  });

  const LOOKS = [
    ["light", 1280],
    ["dark", 390],
  ] as const;

  /** In each look: what axe finds, and that nothing lies beside the screen. */
  async function seemly(page: Page): Promise<void> {
    for (const [colorScheme, width] of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      expect(await violations(page), `${colorScheme} ${width}`).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    }
  }

  test("axe finds nothing, in light, and in dark on a phone", async () => {
    const { tab } = desk;
    const { page } = tab;
    await page.goto(desk.url);
    await page.getByLabel("Token").waitFor();
    await seemly(page);
    await page.getByLabel("Token").fill(desk.admin);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator('[data-link="live"]').waitFor();
    await seemly(page);
    await desk.started();
    await onService(tab);
    await phase(page, "observing").waitFor();
    await page.locator(".evidence").waitFor();
    await seemly(page);
    await desk.idle();
    await button(page, "start").click();
    await page.locator(".planned").waitFor();
    await seemly(page);
    expect(tab.complaints).toEqual([]);
  });
});
