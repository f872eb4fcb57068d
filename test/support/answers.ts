import { createServer as createHttp, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcp, type Socket } from "node:net";

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
