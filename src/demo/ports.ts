import { createServer } from "node:net";

const HOST = "127.0.0.1";
/** Below the kernel's usual range for outgoing connections, so that a busy client takes none between the look and the bind. */
const FIRST = 10_000;
const LAST = 31_999;
const TRIES = 500;

/**
 * Loopback ports that nothing listens on, all different. `from` says where to begin to look: a place of its own for each
 * process keeps two of them apart.
 */
export async function freePorts(count: number, from: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let tried = 0; tried < TRIES && found.length < count; tried += 1) {
    const port = FIRST + ((from + tried) % (LAST - FIRST + 1));
    if (await isFree(port)) found.push(port);
  }
  if (found.length === count) return found;
  throw new Error(`fewer than ${count} free ports on ${HOST} from ${FIRST} to ${LAST}: end what holds them, then try again`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: HOST }, () => server.close(() => resolve(true)));
  });
}
