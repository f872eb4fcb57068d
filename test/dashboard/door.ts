import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A port of loopback that leads to a unix socket: browsers open no unix sockets. It stays the same while what is behind it comes and goes. */
export type Door = AsyncDisposable & { readonly url: string };

export async function openDoor(socket: string): Promise<Door> {
  const open = new Set<Socket>();
  const server = createServer((outer) => {
    const inner = connect(socket);
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const one of open) one.destroy();
      await closed;
    },
  };
}
