import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../../src/core/errors.ts";
import type { ServiceView } from "../../src/core/view.ts";
import { ApiUnderTest } from "../api/api-under-test.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { root } from "../support/sources.ts";
import { explanationView, memberView, revisionView, rollingView, rolloutView, serviceView } from "../support/views.ts";
import { type Browser, CHROMIUM, startBrowser, type Tab } from "./browser.ts";
import { soon } from "./soon.ts";

/** Three services: one observes, one waits for a person, one has nothing to do. */
function world(): readonly ServiceView[] {
  const paused = rolloutView({ id: "api-1", service: "api", phase: "paused" });
  return [
    serviceView({ rollout: rolloutView(), candidate: "green" }),
    serviceView({ name: "api", rollout: paused, candidate: "green" }),
    serviceView({ name: "docs" }),
  ];
}

describe.skipIf(CHROMIUM === null)("the page, before a controller that does as the test says", { timeout: 120_000 }, () => {
  let browser: Browser;
  let tab: Tab;
  let api: ApiUnderTest;
  let control: ScriptedControl;

  beforeAll(async () => {
    browser = await startBrowser();
    tab = await browser.open();
  }, 60_000);
  afterAll(() => browser?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    control = new ScriptedControl(...world());
    control.happen({});
    api = await ApiUnderTest.start({ control, dashboard: join(root, "dist/dashboard") });
  }, 60_000);
  afterEach(async () => {
    await tab.leave();
    await api[Symbol.asyncDispose]();
  }, 60_000);

  async function open(path: string, token = api.tokens.operate): Promise<Page> {
    const { page } = tab;
    await page.goto(`${api.url}/#token=${token}`);
    await page.locator('[data-link="live"]').waitFor();
    await page.goto(`${api.url}/#${path}`);
    return page;
  }

  const names = (page: Page) => page.locator(".service-name").allTextContents();
  const calls = () => control.calls.map(({ verb, service }) => `${verb} ${service}`);

  test("what needs a person comes first; filter and search stand in the address", async () => {
    const page = await open("/");
    await soon(() => names(page)).toEqual(["api", "web", "docs"]);
    await page.keyboard.press("/");
    await soon(() => page.evaluate("document.activeElement?.type ?? null")).toBe("search");
    await page.keyboard.type("we");
    await soon(() => names(page)).toEqual(["web"]);
    expect(page.url()).toContain("?q=we");
    await page.getByRole("searchbox").fill("");
    await page.getByRole("button", { name: "Needs attention 1" }).click();
    await soon(() => names(page)).toEqual(["api"]);
    expect(page.url()).toContain("attention=1");
    await page.reload();
    await soon(() => names(page)).toEqual(["api"]);
  });

  test("keys press the buttons: what asks first still asks, an abort does not; and they can be turned off", async () => {
    const page = await open("/services/web");
    await page.locator('[data-verb="abort"]').waitFor();
    await page.keyboard.press("Shift+P");
    await page.getByRole("dialog", { name: "Promote web?" }).waitFor();
    await page.keyboard.press("Escape");
    expect(calls()).toEqual([]);
    await page.keyboard.press("Shift+A");
    await soon(calls).toEqual(["abort web"]);

    await page.keyboard.press("?");
    await page.getByLabel("Single keys do something").uncheck();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.keyboard.press("Shift+A");
    await page.locator('[data-verb="pause"]').click();
    await soon(calls).toEqual(["abort web", "pause web"]);
  });

  test("a button says what it does, also in a table, and a refusal stays until it is put away", async () => {
    const hint = "put another member in first";
    control.reactions.setMember = () => {
      throw new Refusal("not-ready", "it is the last one that is in", hint);
    };
    const page = await open("/services/web");
    const drain = page.getByRole("button", { name: "Drain 127.0.0.1:8002" });
    await drain.hover();
    const tip = page.getByRole("tooltip");
    await tip.getByText("those under way end").waitFor();
    expect(await tip.textContent()).toContain("Needs the scope operate");
    await drain.focus();
    await page.keyboard.press("Escape");
    await tip.waitFor({ state: "hidden" });
    await drain.click();
    const refusal = page.getByRole("alert").filter({ hasText: "drain 127.0.0.1:8002 was refused: it is the last one" });
    await refusal.getByText(hint).waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await refusal.waitFor({ state: "hidden" });
  });

  test("a click on what has moved on does nothing, and says so", async () => {
    const page = await open("/services/web");
    await page.locator('[data-verb="advance"]').waitFor();
    // The state that the page saw is sent along; the scripted control does not compare it, so its answer is made here.
    await page.route(
      "**/rollout/advance",
      (route) => {
        expect(route.request().headers()["if-match"]).toBe('"none"');
        expect(route.request().postDataJSON()).toEqual({ step: 0 });
        return route.fulfill({ status: 412, json: { code: "stale", detail: "moved on", hint: null } });
      },
      { times: 1 },
    );
    await page.locator('[data-verb="advance"]').click();
    await page.getByRole("alert").getByText("It has moved on since you looked").waitFor();
  });

  test("a member whose update failed is skipped where it is shown", async () => {
    const failing = { members: ["127.0.0.1:8002"], text: "deploy failed on 127.0.0.1:8002" };
    const rolling = rollingView({ failing });
    const hold = { on: "failure", reason: failing.text } as const;
    control.put(serviceView({ rollout: rolloutView({ strategy: "rolling", phase: "waiting", hold, rolling }) }));
    const page = await open("/services/web");
    await page.getByRole("alert").getByText("deploy failed").waitFor();
    expect(await page.locator("[data-verb]").evaluateAll((all) => all.map((one) => one.getAttribute("data-verb")))).toEqual([
      "retry",
      "pause",
      "abort",
      "skip",
      "exclude",
    ]);
    await page.getByRole("button", { name: "Skip 127.0.0.1:8002" }).click();
    await soon(() => control.calls.at(-1)).toMatchObject({ verb: "skip", input: { member: "127.0.0.1:8002" } });
  });

  test("what a hook said is shown with its result", async () => {
    const about = { point: "beforeStep", member: null, step: 0, run: 1, startedAt: "2026-03-01T10:00:00.000Z" } as const;
    const end = { endedAt: "2026-03-01T10:00:01.000Z", text: "it ended with 3", output: "no such table: users" } as const;
    const hooks = [{ name: "migrate", is: "failed", ...about, ...end } as const];
    control.explanations.set("web-1", explanationView(rolloutView(), { hooks }));
    control.happen({ kind: "hook", text: "migrate failed" });
    const page = await open("/services/web");
    const shown = page.locator('[data-hook="migrate"][data-is="failed"]');
    await shown.waitFor();
    expect(await shown.textContent()).toContain("it ended with 3");
    await shown.getByText("no such table: users").waitFor();
  });

  test("an undo says what it brings back, and asks", async () => {
    control.put(serviceView({ stable: "green" }));
    control.history = [revisionView(2), revisionView(1, { to: "blue", stable: "blue" }), revisionView(0)];
    const page = await open("/services/web");
    await page.locator('[data-verb="undo"][aria-disabled="false"]').click();
    const dialog = page.getByRole("dialog", { name: "Undo web?" });
    expect(await dialog.textContent()).toContain("v1 on blue");
    await dialog.getByRole("button", { name: "Undo" }).click();
    await soon(() => control.calls.at(-1)).toMatchObject({ verb: "undo", service: "web" });
    await page.getByRole("button", { name: "Go back to revision 1" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Go back" }).click();
    await soon(() => control.calls.at(-1)).toMatchObject({ verb: "undo", input: { revision: 1 } });
  });

  test("names and reasons are shown as they are, whatever is in them", async () => {
    const nasty = '<img src=x onerror="document.title=1"> & "quotes"';
    const blue = { members: [memberView("127.0.0.1:8001", { health: "down", reason: nasty })], from: "config" } as const;
    control.put(serviceView({ rollout: rolloutView({ reason: nasty, version: nasty }), pools: { blue, green: blue } }));
    const page = await open("/services/web");
    await soon(() => page.locator(".why").textContent()).toBe(nasty);
    expect(await page.locator("main img").count()).toBe(0);
    expect(await page.title()).toBe("web – Sluice");
  });
});
