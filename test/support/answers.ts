import { once } from "node:events";
import { createServer as createHttp, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer as createTcp, type Socket } from "node:net";
import { execa } from "execa";

/** A server that answers as a test says, on a free loopback port; disposing ends its connections. */
export type Answers = AsyncDisposable & {
  /** `ip:port`. */
  readonly address: string;
  /** Connections that are open now. */
  open(): number;
};

/** Answers HTTP requests. */
export async function startAnswers(answer: RequestListener, host = "127.0.0.1"): Promise<Answers> {
  return listen(createHttp(answer), host);
}

/** Hands over each connection as it comes: for answers that no HTTP library would give. */
export async function startSocket(take: (socket: Socket) => void): Promise<Answers> {
  return listen(
    createTcp((socket) => take(socket)),
    "127.0.0.1",
  );
}

/** Listens, and takes no connection any more: the kernel's queue is full, so that connecting hangs as on a dead host. */
export async function startFull(): Promise<AsyncDisposable & { readonly address: string }> {
  const script =
    'const s = require("net").createServer().listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => console.log(s.address().port))';
  const child = execa(process.execPath, ["-e", script], { reject: false });
  const sockets: Socket[] = [];
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  child.kill("SIGSTOP");
  // More than the queue holds: those beyond it hang, as the test's own will.
  for (let count = 0; count < 6; count += 1) sockets.push(connect(port, "127.0.0.1").on("error", () => {}));
  await Promise.all(sockets.slice(0, 2).map((socket) => once(socket, "connect")));
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      child.kill("SIGKILL");
      await child;
    },
  };
}

async function listen(server: ReturnType<typeof createTcp>, host: string): Promise<Answers> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(0, host, resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    address: `${host.includes(":") ? `[${host}]` : host}:${port}`,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}
