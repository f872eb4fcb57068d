/**
 * Steady clients, and what they see: a line every two seconds with the part of the answers that each version gave, the answers
 * that failed, and the requests that were lost (no answer, or one of nginx's own).
 */
import { Agent, request } from "node:http";

const target = process.env.TARGET ?? "http://nginx:8080/";
const rate = Math.min(Number(process.env.RATE ?? 100), 500);
const LINE_MS = 2_000;
const ANSWER_MS = 5_000;

type Answer = { readonly version: string | null; readonly status: number | null };

let window = { versions: new Map<string, number>(), failed: 0, lost: 0, total: 0 };
const sums = { total: 0, failed: 0, lost: 0 };

/** Half of the clients keep their connection, half open one for each request. */
const agents = [new Agent({ keepAlive: true, maxSockets: 8 }), new Agent({ keepAlive: false, maxSockets: 64 })];
let turn = 0;

function ask(): Promise<Answer> {
  const agent = agents[turn++ % agents.length];
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const lost = () => resolve({ version: null, status: null });
  request(target, { agent, timeout: ANSWER_MS }, (response) => {
    const version = response.headers["x-version"];
    response.resume();
    response.once("end", () =>
      resolve({ version: typeof version === "string" ? version : null, status: response.statusCode ?? null }),
    );
    response.once("error", lost);
  })
    .once("timeout", lost)
    .once("error", lost)
    .end();
  return promise;
}

function count({ version, status }: Answer): void {
  window.total += 1;
  if (version === null) window.lost += 1;
  else {
    window.versions.set(version, (window.versions.get(version) ?? 0) + 1);
    if (status !== 200) window.failed += 1;
  }
}

function line(): void {
  const { versions, failed, lost, total } = window;
  window = { versions: new Map(), failed: 0, lost: 0, total: 0 };
  sums.total += total;
  sums.failed += failed;
  sums.lost += lost;
  const parts = [...versions].sort().map(([version, seen]) => `${version} ${((100 * seen) / total).toFixed(1)} %`);
  const time = new Date().toISOString().slice(11, 19);
  const all = `since the start: ${sums.total} requests, ${sums.failed} failed, ${sums.lost} lost`;
  console.log(`${time}  ${(parts.join("  ") || "nothing answers").padEnd(28)}  ${failed} failed  ${lost} lost   (${all})`);
}

setInterval(line, LINE_MS);
setInterval(async () => count(await ask()), 1_000 / rate);
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
