import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { count } from "../support/client.ts";
import { freePort } from "../support/ports.ts";
import { SERVER, type Stage, shifted, startStage } from "../support/stage.ts";

let stage: Stage;
let member: Server;
const clients: Socket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await stage[Symbol.asyncDispose]();
  await new Promise((resolve) => member.close(resolve));
});

/** A member that takes every connection over, as for websockets, and says nothing more. */
async function startUpgrading(): Promise<number> {
  const port = await freePort();
  member = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: test\r\nConnection: upgrade\r\n\r\n"));
  }).listen(port, "127.0.0.1");
  return port;
}

/** A connection through nginx that stays, and keeps the worker that took it. */
async function hold(): Promise<void> {
  const client = connect(Number(new URL(stage.driven.url).port), "127.0.0.1");
  clients.push(client);
  client.on("error", () => {});
  client.write("GET /upgraded HTTP/1.1\r\nHost: test\r\nUpgrade: test\r\nConnection: upgrade\r\n\r\n");
  const answer = await new Promise<string>((resolve) => client.once("data", (data) => resolve(data.toString())));
  expect(answer).toContain("101 Switching Protocols");
}

test("changes forward wait while six earlier generations serve old connections; a way back does not", async () => {
  const port = await startUpgrading();
  const upgraded = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;`;
  stage = await startStage({ server: `location /upgraded { ${upgraded} proxy_pass http://127.0.0.1:${port}; }\n${SERVER}` });
  let { shop } = stage;
  const next = (share: number, urgent: boolean) => {
    shop = shifted(shop, share, { urgent });
    stage.driven.want([stage.web, shop]);
  };
  stage.driven.want([stage.web, shop]);
  await stage.driven.applied([shop]);
  for (let generation = 1; generation <= 6; generation += 1) {
    await hold();
    // Ways back, for they are not paced.
    next(generation * 500, true);
    expect((await stage.driven.applied([shop])).lingering).toBe(generation);
  }
  const { generation } = stage.driven.report();
  next(5_000, false);
  const waits = await stage.driven.reported("it waits", (one) => one.waiting?.includes("earlier generations") === true);
  expect(waits.waiting).toBe("6 earlier generations of nginx still serve old connections; it waits until fewer than 6 do");
  // Longer than any pace: what it waits for is the connections.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(stage.driven.report()).toMatchObject({ generation, lingering: 6 });
  next(0, true);
  expect((await stage.driven.applied([shop])).lingering).toBe(6);
  expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 20 });
  next(5_000, false);
  await stage.driven.reported("it waits again", (one) => one.waiting?.includes("6 earlier generations") === true);
  clients.shift()?.destroy();
  await stage.driven.applied([shop]);
  expect(stage.driven.report().lingering).toBe(5);
  expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 10, green: 10 });
});
