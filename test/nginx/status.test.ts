import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { StatusClient } from "../../src/nginx/status.ts";
import { freePort } from "../support/ports.ts";

const LONG_MS = 10_000;

const head = (status: string, length: number) =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${length}`;
const page = (body: string, status = "200 OK") => `${head(status, body.length)}\r\nConnection: close\r\n\r\n${body}`;

/** Something that takes connections at `place` (a free port where left out) and does `act` once it was asked. */
async function listening(act: (socket: Socket, asked: string) => void, place: string | number = 0): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => socket.destroy()));
    socket.once("data", (asked) => act(socket, String(asked)));
  });
  await new Promise<void>((resolve) =>
    server.listen(typeof place === "number" ? { port: place, host: "127.0.0.1" } : place, resolve),
  );
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? `127.0.0.1:${address.port}` : `unix:${place}`;
}

const answering = (text: string) => listening((socket) => socket.end(text));

describe("asking the status server", () => {
  test("gives what a worker says, on a connection of its own each time", async () => {
    let connections = 0;
    const address = await listening((socket, asked) => {
      connections += 1;
      expect(asked).toMatch(/^GET \/sluice HTTP\/1\.0\r\nHost: 127\.0\.0\.1:\d+\r\n/);
      socket.end(page('{"generation":"7-abcdef01","pid":41,"probe":true}'));
    });
    const status = new StatusClient(address, LONG_MS);
    expect(await status.generation()).toEqual({ generation: "7-abcdef01", pid: 41, probe: true });
    expect(await status.generation()).toEqual({ generation: "7-abcdef01", pid: 41, probe: true });
    expect(connections).toBe(2);
  });

  test("asks where a bucket goes, over a unix socket too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-status-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const address = await listening(
      (socket, asked) => {
        expect(asked).toMatch(/^GET \/sluice\/web\?slot=03\/14 HTTP/);
        socket.write(head("200 OK", 39));
        socket.end('\r\n\r\n{"generation":"7-a","pid":1,"pool":"green"}');
      },
      join(folder, "status.sock"),
    );
    expect(await new StatusClient(address, LONG_MS).pool("web", "03/14")).toEqual({ generation: "7-a", pool: "green" });
  });

  test.each([
    ["says that it knows nothing of it", page('{"generation":"7-a"}', "404 Not Found")],
    ["is cut off in the middle", page('{"generation":"7-a","pid":1,"probe":true}').slice(0, -5)],
    ["speaks something else", "220 mail.example.com ESMTP\r\n\r\n{}"],
    ["says nothing", ""],
    ["is of another kind", page('"7-a"')],
    ["is none", page("null")],
    ["has no end", page(`{"generation":"7-a","more":"${"x".repeat(100_000)}"}`)],
  ])("takes for no answer one that %s", async (_what, text) => {
    expect(await new StatusClient(await answering(text), LONG_MS).generation()).toBeNull();
  });

  test("takes for no answer one that comes too late, or that nobody gives", async () => {
    const late = await listening(() => undefined);
    expect(await new StatusClient(late, 20).generation()).toBeNull();
    expect(await new StatusClient(`127.0.0.1:${await freePort()}`, LONG_MS).generation()).toBeNull();
    const cut = await listening((socket) => socket.resetAndDestroy());
    expect(await new StatusClient(cut, LONG_MS).generation()).toBeNull();
  });
});
