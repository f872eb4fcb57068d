import { createServer } from "node:net";
import { formatAddress } from "../../config/address.ts";
import type { Config } from "../../config/config.ts";
import { type Examined, fail, ok } from "./examined.ts";

/** Whether the address of the API can be listened on. `taken` where the controller answers there already. */
export async function examinePort({ listen }: Config["api"], taken: boolean): Promise<Examined> {
  const where = "unix" in listen ? `unix:${listen.unix}` : formatAddress(listen);
  if (taken) return ok("ports", `api.listen: the controller has ${where}`);
  if ("unix" in listen) return ok("ports", `api.listen: ${where} is made at the start`);
  const code = await tryListen(listen.host, listen.port);
  if (code === null) return ok("ports", `api.listen: ${where} is free`);
  const fix =
    code === "EADDRINUSE"
      ? `end what listens there (ss -ltnp), or set api.listen to another port`
      : "set api.listen to an address of this host";
  return fail("ports", `api.listen: ${where} cannot be listened on (${code})`, fix);
}

/** Null where it can be listened on, else the code of the error. */
function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
