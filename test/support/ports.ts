import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/**
 * A loopback port that nothing listens on, and that no other test is given while this process lives.
 *
 * Ports below the kernel's own range for outgoing connections, so that a busy client cannot take one between the look and
 * the bind. One that was given stays given while nobody listens on it, such as that of a server that is being restarted: the UDP port
 * of the same number, which nothing here needs, is held as the sign of it.
 */
const FIRST = 10_000;
const LAST = 31_999;
let next = FIRST + ((process.pid * 211) % (LAST - FIRST));

export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    const port = next;
    next = next >= LAST ? FIRST : next + 1;
    if ((await claim(port)) && (await free(port, host))) return port;
  }
  throw new Error(`no free port on ${host} from ${FIRST} to ${LAST}`);
}

function claim(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => {
      socket.unref();
      resolve(true);
    });
  });
}

function free(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host }, () => server.close(() => resolve(true)));
  });
}
