import type { Server } from "node:https";
import type { FastifyInstance } from "fastify";
import type { Certificate } from "./options.ts";

/** What a server speaks TLS with; older versions than 1.2 are refused. */
export function secured(certificate: Certificate | null): object {
  return certificate === null ? {} : { https: { ...certificate, minVersion: "TLSv1.2" } };
}

/** Takes another certificate from the next connection on; those that are open keep theirs. */
export function renew(app: FastifyInstance, certificate: Certificate): void {
  const server: unknown = app.server;
  (server as Server).setSecureContext({ ...certificate, minVersion: "TLSv1.2" });
}
