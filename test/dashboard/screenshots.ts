/**
 * `npm run screenshots`: pictures of the dashboard for README and docs, made of a real run: nginx, members, clients, a controller, and
 * a canary that a bad release ends by itself.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "playwright-core";
import { Stack } from "../end-to-end/stack.ts";
import { steady } from "../support/client.ts";
import { type MemberServer, startMember } from "../support/members.ts";
import { root } from "../support/sources.ts";
import { type Browser, type Look, startBrowser, type Tab } from "./browser.ts";
import { openDoor } from "./door.ts";

const FOLDER = join(root, "docs/images");

const SERVICE = `      served: { source: nginx, measure: errors, window: 5s, interval: 500ms }
      latency: { source: nginx, measure: latency, quantile: 0.95, window: 5s, interval: 500ms }
    canary:
      steps: [{ share: 10%, for: 25s }, { share: 25%, for: 1m }, { share: 50%, for: 5m }, { ramp: 100%, over: 5m }]
      checks:
        - { metric: served, compare: stable, beta: 10% }
        - { metric: latency, below: 0.5 }`;

/** How long after the second step began the picture is taken. */
const STEP_SHOWN_MS = 7_000;
/** What the curves show of the time before the rollout. */
const BEFORE_MS = 25_000;

/** Skewed, as latencies are. */
function takes(medianMs: number): () => number {
  return () => medianMs * Math.exp(0.45 * (Math.random() + Math.random() + Math.random() + Math.random() - 2));
}

/** Services beside `web`, so that the list has something to list. */
function others(members: readonly MemberServer[]): string {
  const names = ["checkout", "images", "search"];
  return names
    .map((name, index) => {
      const [blue, green] = members.slice(index * 2).map(({ address }) => address);
      return `
  ${name}:
    routing: live
    stable: blue
    health: { path: /healthz, interval: 1s }
    pools:
      blue: { members: ["${blue}"] }
      green: { members: ["${green}"] }
    canary:
      steps: [{ share: 10%, until: approved }, { share: 50%, for: 10m }]
      checks: []`;
    })
    .join("");
}

type Scene = { readonly stack: Stack; readonly browser: Browser; readonly url: string; readonly token: string };

async function tabAt({ browser, url, token }: Scene, path: string, look: Look): Promise<Tab> {
  const tab = await browser.open(look);
  await tab.page.goto(`${url}/#token=${token}`);
  await tab.page.locator('[data-link="live"]').waitFor();
  await tab.page.goto(`${url}/#${path}`);
  return tab;
}

async function shot(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  // The curves ask every second.
  await wait(2_500);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  console.log(`docs/images/${name}.png`);
}

const WIDE: Look = { width: 1240, height: 900, scale: 1.5 };
const WEB = "/services/web";

/** A canary on its way, in light and dark, on a phone, and the list. */
async function rollingOut(scene: Scene): Promise<void> {
  const { stack } = scene;
  const light = await tabAt(scene, WEB, WIDE);
  const dark = await tabAt(scene, WEB, { ...WIDE, scheme: "dark" });
  const list = await tabAt(scene, "/", { ...WIDE, height: 400 });
  const phone = await tabAt(scene, WEB, { width: 390, height: 844, scale: 2 });
  await wait(BEFORE_MS);
  await light.page.locator('[data-verb="start"]').click();
  await light.page.getByLabel("Version").fill("v42");
  await light.page.getByLabel("Reason").fill("faster search");
  await light.page.locator(".planned").waitFor();
  await shot(light.page, "dashboard-start");
  await light.page.locator('[data-confirm="start"]').click();
  await stack.api("POST", "/v1/services/checkout/rollouts", { strategy: "canary", version: "v8" });
  await stack.api("POST", "/v1/services/images/rollouts", { strategy: "blue-green", version: "v3" });
  await stack.reaches("observing", 1, 240_000);
  await wait(STEP_SHOWN_MS);
  await shot(light.page, "dashboard");
  await shot(dark.page, "dashboard-dark");
  await shot(list.page, "dashboard-list");
  await shot(phone.page, "dashboard-phone");
}

/** The release begins to fail, and goes back by itself. */
async function goingBack(scene: Scene, asked: () => number): Promise<void> {
  const { stack } = scene;
  const { page } = await tabAt(scene, WEB, WIDE);
  for (const member of stack.green) member.setStatus(() => (asked() % 6 === 0 ? 500 : 200));
  await stack.reaches("reverted", null, 120_000);
  await wait(6_000);
  await shot(page, "dashboard-reverted");
}

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const more = await Promise.all(Array.from({ length: 6 }, (_, index) => startMember({ name: `other-${index}` })));
  await using stack = await Stack.start({ service: SERVICE + others(more), logOff: false, members: { blue: 3, green: 3 } });
  let count = 0;
  for (const member of stack.blue) member.setDelay(takes(24));
  for (const member of stack.green) member.setDelay(takes(23));
  const asked = () => ++count;
  for (const member of [...stack.blue, ...stack.green]) member.setStatus(() => (asked() % 900 === 0 ? 500 : 200));
  await stack.serve();
  await stack.applied();
  await using door = await openDoor(stack.socket);
  await using browser = await startBrowser();
  await using _clients = steady(stack.url, { connections: 48, pauseMs: 70 });
  const token = readFileSync(join(stack.nginx.prefix, "state/token"), "utf8").trim();
  const scene = { stack, browser, url: door.url, token };
  await rollingOut(scene);
  await goingBack(scene, asked);
  for (const member of more) await member[Symbol.asyncDispose]();
}

await main();
