import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { Stack } from "../end-to-end/stack.ts";
import { type Steady, steady } from "../support/client.ts";
import { type Browser, startBrowser, type Tab } from "./browser.ts";
import { type Door, openDoor } from "./door.ts";

/** Steps that last until somebody clicks, judged by nginx's log, so that there are curves, too; and an update in place. */
const serviceOf = (releases: string) => `      served: { source: nginx, measure: errors, window: 1s, interval: 250ms }
    canary:
      steps: [{ share: 20%, for: 1s }, { share: 50%, for: 10m }]
      checks: [{ metric: served, below: 5%, minRequests: 5 }]
      bake: 0s
    blueGreen: { bake: 0s }
    rolling:
      batch: 1
      drain: 10s
      minHealthy: 0s
      monitor: 0s
      deploy: [test, -e, "${releases}/{member}"]
      rollback: [test, -d, "${releases}"]`;

/** Where a person sits: a real nginx with members and clients, the controller, and a browser that shows its page. */
export class Desk implements AsyncDisposable {
  readonly stack: Stack;
  readonly tab: Tab;
  readonly clients: Steady;
  readonly #browser: Browser;
  readonly #door: Door;
  readonly #releases: string;

  private constructor(stack: Stack, browser: Browser, tab: Tab, door: Door, releases: string) {
    this.stack = stack;
    this.#browser = browser;
    this.tab = tab;
    this.clients = steady(stack.url, { connections: 3, pauseMs: 60 });
    this.#door = door;
    this.#releases = releases;
  }

  static async start(): Promise<Desk> {
    const releases = mkdtempSync(join(tmpdir(), "sluice-releases-"));
    const options = { service: serviceOf(releases), logOff: false, members: { blue: 3, green: 2 } };
    const [stack, browser] = await Promise.all([Stack.start(options), startBrowser()]);
    await stack.serve();
    await stack.applied();
    return new Desk(stack, browser, await browser.open(), await openDoor(stack.socket), releases);
  }

  /** Where the page is. */
  get url(): string {
    return this.#door.url;
  }

  /** The token with all rights. */
  get admin(): string {
    return readFileSync(join(this.stack.nginx.prefix, "state/token"), "utf8").trim();
  }

  async signedIn(token = this.admin): Promise<Tab> {
    const { page } = this.tab;
    await page.goto(`${this.url}/#token=${token}`);
    await page.locator('[data-link="live"]').waitFor();
    return this.tab;
  }

  /** Until this is called, the update of a member fails. */
  releaseFor(member: string): void {
    writeFileSync(join(this.#releases, member), "");
  }

  /** Starts what the page then finds under way. */
  async started(strategy: "canary" | "blue-green" = "canary"): Promise<void> {
    const { status, body } = await this.stack.api("POST", "/v1/services/web/rollouts", { strategy, version: "v7" });
    if (status !== 201) throw new Error(`a start was answered with ${status}: ${JSON.stringify(body)}`);
  }

  /** Leaves things as the next one may find them. */
  async clear(): Promise<void> {
    await this.tab.leave();
    await this.idle();
  }

  /** Ends what is under way. */
  async idle(): Promise<void> {
    const { rollout } = await this.stack.service();
    if (rollout === null || rollout.endedAt !== null) return;
    await this.stack.api("POST", "/v1/services/web/rollout/abort", {});
    await this.stack.reaches("reverted", null, 30_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser[Symbol.asyncDispose]();
    await this.clients[Symbol.asyncDispose]();
    await this.#door[Symbol.asyncDispose]();
    await this.stack[Symbol.asyncDispose]();
    rmSync(this.#releases, { recursive: true, force: true });
  }
}

/** From the list to the service. */
export async function onService({ page }: Tab): Promise<Page> {
  await page.getByRole("link", { name: "web" }).click();
  await page.locator('[data-service="web"] h1').waitFor();
  return page;
}

/** A button of the service. */
export const button = (page: Page, verb: string) => page.locator(`[data-verb="${verb}"]`);

/** The word for where the rollout is. */
export const phase = (page: Page, name: string) => page.locator(`.headline [data-phase="${name}"]`);

/** What a button says that it does, and why it cannot be used. */
export async function said(page: Page, verb: string): Promise<string | null> {
  return page.locator(`#${await button(page, verb).getAttribute("aria-describedby")}`).textContent();
}
