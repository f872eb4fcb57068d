import { once } from "node:events";
import { createServer } from "node:net";

/** Below the kernel's usual range for outgoing connections, so that none of them takes a port between the look and the bind. */
const FIRST = 10_000;
const LAST = 31_999;

/** So many loopback ports that nothing listens on. Where the search begins depends on this process, so that two runs do not meet. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found: number[] = [];
  const from = process.pid * 197;
  for (let tried = 0; found.length < count && FIRST + tried <= LAST; tried += 1) {
    const port = FIRST + ((from + tried) % (LAST - FIRST + 1));
    if (await isFree(port)) found.push(port);
  }
  return found;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  const isListening = await once(server, "listening").then(
    () => true,
    // Somebody has it, which is an answer.
    () => false,
  );
  if (isListening) {
    server.close();
    await once(server, "close");
  }
  return isListening;
}
