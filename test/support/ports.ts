import { createServer } from "node:net";

/**
 * A loopback port that nothing listens on.
 *
 * Ports below the kernel's own range for outgoing connections, so that a busy client cannot take one between the look and
 * the bind, and from a place that depends on the process, so that test files that run side by side do not meet.
 */
const FIRST = 10_000;
const LAST = 31_999;
let next = FIRST + ((process.pid * 211) % (LAST - FIRST));

export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (let tries = 0; tries < 500; tries += 1) {
    const port = next;
    next = next >= LAST ? FIRST : next + 1;
    if (await free(port, host)) return port;
  }
  throw new Error(`no free port on ${host} from ${FIRST} to ${LAST}`);
}

function free(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host }, () => server.close(() => resolve(true)));
  });
}
