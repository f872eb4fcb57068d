import { expect, test } from "vitest";
import { ask, count, steady } from "../support/client.ts";
import { startMember } from "../support/members.ts";
import { startNginx, until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";

test("a real nginx starts, reloads and ends, and its answers are counted", async () => {
  await using blue = await startMember({ name: "blue-1", version: "blue" });
  await using green = await startMember({ name: "green-1", version: "green" });
  const port = await freePort();
  const http = (address: string) => `server { listen 127.0.0.1:${port}; location / { proxy_pass http://${address}; } }`;
  await using nginx = await startNginx({ http: http(blue.address), workers: 2 });
  await until("both workers are there", () => nginx.workers().length === 2);
  expect(await ask(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 200, version: "blue", body: "blue-1" });
  nginx.write(http(green.address));
  expect((await nginx.test()).ok).toBe(true);
  await nginx.reload();
  expect(await count(`http://127.0.0.1:${port}/`, 10, { keepAlive: true })).toEqual({ green: 10 });
  await using load = steady(`http://127.0.0.1:${port}/`);
  await load.more(20);
  await nginx.kill();
  await load.more(8);
  expect(load.failures.length + (load.counts["502"] ?? 0)).toBeGreaterThan(0);
  await nginx.start();
  await green.die();
  expect((await ask(`http://127.0.0.1:${port}/`)).status).toBe(502);
  await green.revive();
  expect((await ask(`http://127.0.0.1:${port}/`)).version).toBe("green");
});
