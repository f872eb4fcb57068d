import { connect } from "node:net";
import { Client, type Dispatcher } from "undici";
import { hostPort, networkFailure, withPort } from "../core/network.ts";
import type { Probe, ProbeEndpoint } from "../core/ports.ts";
import type { HealthCheck } from "../core/service.ts";
import type { Endpoint, Member, Ms } from "../core/units.ts";

/** How much of a body is searched for the text that a check wants. */
const BODY_BYTES = 65_536;

/**
 * Asks endpoints whether they are well: by HTTP where the check has a path, else by whether they take a TCP connection.
 *
 * A probe never rejects, ends within the check's timeout and leaves no connection behind. Disposing ends those under way.
 */
export function createProbe(): { readonly probe: ProbeEndpoint } & AsyncDisposable {
  const running = new Map<Promise<Probe>, AbortController>();
  let stopping = false;
  return {
    probe(check, endpoint, member) {
      const address = withPort(endpoint, check.port);
      // A timer that is cleared, not `AbortSignal.timeout`: that one and all it leads to stay in memory until its time is over.
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(), check.timeoutMs);
      if (stopping) limit.abort();
      const asked =
        check.path === null ? askTcp(address, limit.signal) : askHttp(check, check.path, address, member, limit.signal);
      const work = asked.catch((error: unknown) => ill(reasonOf(error, check.timeoutMs, limit.signal, stopping)));
      running.set(work, limit);
      return work.finally(() => {
        clearTimeout(timer);
        running.delete(work);
      });
    },
    async [Symbol.asyncDispose]() {
      stopping = true;
      for (const limit of running.values()) limit.abort();
      await Promise.all(running.keys());
    },
  };
}

function ill(reason: string): Probe {
  return { healthy: false, reason };
}

function reasonOf(error: unknown, timeoutMs: Ms, limit: AbortSignal, stopping: boolean): string {
  if (stopping) return "was not asked to the end: Sluice is stopping";
  return limit.aborted ? `no answer within ${timeoutMs / 1000} s` : networkFailure(error);
}

async function askHttp(check: HealthCheck, path: string, address: Endpoint, member: Member, signal: AbortSignal): Promise<Probe> {
  const client = new Client(`http://${address}`, { headersTimeout: 0, bodyTimeout: 0, connect: { timeout: check.timeoutMs } });
  try {
    const headers = { host: check.host ?? member, "user-agent": "sluice-health", accept: "*/*" };
    const answer = await client.request({ method: "GET", path, headers, reset: true, signal });
    return await judge(check, answer);
  } finally {
    await client.destroy();
  }
}

async function judge(check: HealthCheck, answer: Dispatcher.ResponseData): Promise<Probe> {
  const { from, to } = check.status;
  if (answer.statusCode < from || answer.statusCode > to) {
    return ill(`answered ${answer.statusCode}, wants ${from === to ? from : `${from} to ${to}`}`);
  }
  const text = await start(answer);
  if (check.body === null || text.includes(check.body)) return { healthy: true };
  return ill(`body does not contain ${JSON.stringify(check.body)}`);
}

/** The first part of a body. An answer that breaks off before that is a failure, and rejects. */
async function start(answer: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES).toString("utf8");
}

function askTcp(address: Endpoint, signal: AbortSignal): Promise<Probe> {
  return new Promise((resolve, reject) => {
    const socket = connect(hostPort(address));
    const stop = () => {
      socket.destroy();
      reject(signal.reason);
    };
    socket.once("connect", () => {
      signal.removeEventListener("abort", stop);
      socket.destroy();
      resolve({ healthy: true });
    });
    // Kept after the outcome too: an error of a socket without a listener ends the process.
    socket.on("error", (error) => {
      signal.removeEventListener("abort", stop);
      reject(error);
    });
    signal.addEventListener("abort", stop, { once: true });
  });
}
