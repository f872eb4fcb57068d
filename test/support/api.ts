import type { Answer } from "../../src/api/answers.ts";
import type { Listen } from "../../src/api/options.ts";
import { createServer } from "../../src/api/server.ts";
import { openTokens } from "../../src/api/token-book.ts";
import { newToken, verifier } from "../../src/api/tokens.ts";
import { openRecorder } from "../../src/app/recorder.ts";
import { parseSteps } from "../../src/config/steps.ts";
import type { Control } from "../../src/core/control.ts";
import { MemoryStore } from "./memory-store.ts";

/** A real API on a free loopback port (or a unix socket), in front of any control. */
export type RunningApi = AsyncDisposable & { readonly url: string; readonly port: number; readonly token: string };

export async function startApi(
  control: Control,
  { listen = { host: "127.0.0.1", port: 0 }, token = newToken() }: { readonly listen?: Listen; readonly token?: string } = {},
): Promise<RunningApi> {
  const kept = new Map<string, Answer>();
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const store = new MemoryStore();
  const tokens = await openTokens({
    store,
    record: await openRecorder(store),
    now: Date.now,
    log,
    services: async () => (await control.services()).map(({ name }) => name),
  });
  const first = verifier(token, { name: "tester", scopes: ["admin"], services: null });
  const server = await createServer({
    control,
    listen,
    auth: { kind: "token", verify: (candidate) => first(candidate) ?? tokens.verify(candidate) },
    tokens,
    certificate: null,
    hosts: [],
    version: "0.1.0",
    log,
    parseSteps,
    reload: async () => ({ added: [], changed: ["web"], removed: [], warnings: [] }),
    answers: {
      get: async (key) => kept.get(key) ?? null,
      put: async (key, answer) => {
        kept.set(key, answer);
      },
    },
    metrics: async () => ({ type: "text/plain", text: "" }),
    now: Date.now,
  });
  const url = await server.listen();
  return { url, port: Number(/:(\d+)$/.exec(url)?.[1] ?? 0), token, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
