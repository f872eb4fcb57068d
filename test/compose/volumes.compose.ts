import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Clients, percent, summary } from "./clients.ts";
import { allReady, startCanary } from "./held-canary.ts";
import { NOTHING, Stack, served } from "./stack.ts";

/** Small folders, that can be filled without filling anything else. */
const SMALL = `volumes:
${["include", "tables", "nginx", "state"]
  .map(
    (name) =>
      `  ${name}: { driver_opts: { type: tmpfs, device: tmpfs, o: "size=${name === "state" ? "32m" : "4m"},uid=10001,gid=10001,mode=${name === "state" ? "0700" : "0755"}" } }\n`,
  )
  .join("")}`;

describe("a volume is full during a canary", () => {
  let stack: Stack;
  let clients: Clients;

  beforeAll(async () => {
    stack = await Stack.up(SMALL);
    clients = new Clients(stack.url);
    await allReady(stack);
  });

  afterAll(async () => {
    await clients?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
  });

  const fill = async (folder: string) => {
    const { text } = await stack.shell(`docker compose exec -T sluice sh -c 'cat /dev/zero >/var/lib/sluice/${folder}/filled'`);
    expect(text).toContain("No space left on device");
  };
  const empty = (folder: string) => stack.good(`docker compose exec -T sluice rm -f /var/lib/sluice/${folder}/filled`);

  test.each(["state", "tables", "include", "nginx"])("%s: an abort takes the traffic back all the same", async (folder) => {
    await startCanary(stack);
    await fill(folder);
    clients.take();
    await stack.api("POST", "/v1/services/web/rollout/abort");
    await stack.until("all is on blue", (web) => served(web)?.blue === 100);
    expect(summary(await clients.during(1_000))).toEqual({ versions: ["v1"], failed: 0, lost: 0 });
    await empty(folder);
    await stack.until("it is recorded", (web) => web.rollout?.phase === "reverted");
  });

  test("the state: no step goes on that could not be stored", async () => {
    await startCanary(stack);
    await fill("state");
    const { status } = await stack.api("POST", "/v1/services/web/rollout/advance");
    // The database's own files may have room for one more write.
    expect([202, 507]).toContain(status);
    const tally = await clients.during(2_000);
    expect(summary(tally)).toEqual({ versions: ["v1", "v2"], failed: 0, lost: 0 });
    expect(Math.abs(percent(tally, "v2") - (status === 202 ? 75 : 25))).toBeLessThan(12);
    await empty("state");
    await stack.api("POST", "/v1/services/web/rollout/abort");
    await stack.until("it went back", (web) => web.rollout?.phase === "reverted");
  });
});

describe("a volume that Sluice may not write to", () => {
  let stack: Stack;
  let clients: Clients;

  beforeAll(async () => {
    stack = await Stack.up();
    clients = new Clients(stack.url);
  });

  afterAll(async () => {
    await clients?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
  });

  /** Mounts a folder read-only into Sluice's container, which is made anew for that. */
  async function readOnly(folder: string): Promise<void> {
    await stack.override(`services: { sluice: { volumes: ["${folder}:/var/lib/sluice/${folder}:ro"] } }`);
    await stack.shell("docker compose up --detach --no-deps sluice");
  }

  /** Nothing has changed for clients; then the folder can be written to again. */
  async function mended(): Promise<void> {
    expect(summary(await clients.during(1_000))).toEqual({ versions: ["v1"], failed: 0, lost: 0 });
    await stack.override(NOTHING);
    await stack.good("docker compose up --detach --no-deps sluice");
    await stack.until("it is back", (web) => served(web)?.blue === 100);
  }

  test("the state: Sluice does not start, and says why; nginx serves on", async () => {
    await readOnly("state");
    await stack.logged("sluice", /state\/sluice\.db cannot be used: .*mounted writable/);
    await mended();
  });

  test("the tables: Sluice does not start, and says why; nginx serves on", async () => {
    await readOnly("tables");
    await stack.logged("sluice", /EROFS: read-only file system.*\/var\/lib\/sluice\/tables/);
    await mended();
  });

  test("the include folder: what needs a reload does not happen, says why, and the way back works", async () => {
    await readOnly("include");
    await stack.until("it is back", (web) => served(web)?.blue === 100);
    await stack.api("POST", "/v1/services/web/switch", { to: "green" });
    await stack.until("the reload is refused", ({ rollout }) => /EROFS: read-only file system/.test(rollout?.reason ?? ""));
    expect(summary(await clients.during(1_000))).toEqual({ versions: ["v2"], failed: 0, lost: 0 });
    await stack.api("POST", "/v1/services/web/rollout/abort");
    await stack.until("it went back", (web) => served(web)?.blue === 100);
    await mended();
  });
});
