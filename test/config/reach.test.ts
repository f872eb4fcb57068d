// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { readReach } from "../../src/config/reach.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-reach-"));
});
afterEach(() => rm(folder, { recursive: true }));

const SERVICES = "services: { web: { stable: blue, pools: { blue: { members: [127.0.0.1:8001] }, green: { members: [] } } } }\n";

async function file(text: string): Promise<string> {
  const path = join(folder, "sluice.yaml");
  await writeFile(path, text);
  return path;
}

describe("what a client needs of a configuration", () => {
  test.each([
    ["nothing", ""],
    ["an address", "api: { listen: 127.0.0.1:7979 }\n"],
    ["IPv6", 'api: { listen: "[::1]:7979", auth: none }\nstate: here\n'],
    ["a socket beside the file", 'api: { listen: "unix:run/api.sock" }\nstate: ../state\n'],
    ["variables", 'api: { listen: "127.0.0.1:${PORT:-1234}" }\nstate: ${HOME}/state\n'],
    ["an address for others", "api: { listen: 0.0.0.0:7979, tls: elsewhere, hosts: [a.example] }\n"],
  ])("is what the whole of it says: %s", async (_, text) => {
    const path = await file(text + SERVICES);
    const env = { HOME: "/opt/sluice" };
    const { api, state } = await loadConfig(path, env);
    expect(await readReach(path, env)).toEqual({ listen: api.listen, state });
  });

  test("is found while the rest of the file is being edited", async () => {
    const path = await file("api: { listen: 127.0.0.1:7979 }\nservices:\n  web:\n    pools: ${NOT_SET}\n    colour: red\n");
    expect(await readReach(path, {})).toEqual({ listen: { host: "127.0.0.1", port: 7979 }, state: "/var/lib/sluice/state" });
  });

  test.each([
    ["is no YAML", "api: { listen: \n"],
    ["is no map", "- api\n"],
    ["has no address there", "api: { listen: 7070 }\n"],
    ["has a wrong address", "api: { listen: example.com }\n"],
    ["has keys that may matter", "api: { listen: 127.0.0.1:7979, socket: /run/x }\n"],
    ["has TLS of its own", "api: { tls: { certificate: a.pem } }\n"],
    ["lacks a variable there", "state: ${NOT_SET}\n"],
    ["has an empty state", 'state: ""\n'],
  ])("is left to whoever reads the whole where the file %s", async (_, text) => {
    expect(await readReach(await file(text), {})).toBeNull();
  });

  test("is left to whoever reads the whole where there is no file", async () => {
    expect(await readReach(join(folder, "none.yaml"), {})).toBeNull();
  });
});
