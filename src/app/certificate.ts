import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import type { Config } from "../config/config.ts";
import type { Env } from "../config/env.ts";
import { ConfigError } from "../config/errors.ts";
import { readSource } from "../config/source.ts";
import type { ReloadView } from "../core/view.ts";

/** What is read of `api.tls`: PEM, and what is probably not meant by it. */
export type ReadCertificate = { readonly cert: string; readonly key: string; readonly warnings: readonly string[] };

type Source = { readonly config: string; readonly env: Env };

/** A certificate that ends sooner than this is told of. */
const SOON_MS = 14 * 24 * 60 * 60_000;

/**
 * Reads the certificate files of a configuration; null where it has none. Rejects with a `ConfigError` that names the file and what is
 * wrong with it: both are then left as they were.
 */
export async function readCertificate(source: Source, { api }: Config, now: number): Promise<ReadCertificate | null> {
  const { tls } = api;
  if (typeof tls === "string") return null;
  const cert = await read(source, "cert", tls.cert);
  const key = await read(source, "key", tls.key);
  const x509 = await attempt(source, "cert", tls.cert, "is no certificate (PEM)", () => new X509Certificate(cert));
  const secret = await attempt(source, "key", tls.key, "is no private key (PEM, without a password)", () =>
    createPrivateKey(key),
  );
  if (!x509.checkPrivateKey(secret))
    throw await refused(source, "key", `${tls.key} does not belong to the certificate ${tls.cert}`);
  // The chain, which the first certificate says nothing about.
  await attempt(source, "cert", tls.cert, "cannot be used", () => createSecureContext({ cert, key }));
  return { cert, key, warnings: [...lifetime(tls.cert, x509, now), ...(await openToOthers(tls.key))] };
}

async function read(source: Source, key: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw await refused(source, key, `${path} cannot be read: ${why}`);
  }
}

async function attempt<T>(source: Source, key: string, path: string, wrong: string, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    throw await refused(source, key, `${path} ${wrong}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function refused({ config, env }: Source, key: string, message: string): Promise<ConfigError> {
  const text = await readFile(config, "utf8");
  return new ConfigError([readSource(text, config, env).locate({ path: ["api", "tls", key], message })], text);
}

function lifetime(path: string, { validFrom, validTo }: X509Certificate, now: number): readonly string[] {
  const until = Date.parse(validTo);
  const end = new Date(until).toISOString();
  if (Date.parse(validFrom) > now)
    return [`the certificate ${path} holds only from ${new Date(Date.parse(validFrom)).toISOString()} on`];
  if (until <= now)
    return [`the certificate ${path} ended at ${end}: clients refuse it; put a new one there, then sluice reload`];
  return until - now < SOON_MS ? [`the certificate ${path} ends at ${end}: put a new one there, then sluice reload`] : [];
}

async function openToOthers(path: string): Promise<readonly string[]> {
  const { mode } = await stat(path);
  return (mode & 0o007) === 0 ? [] : [`everybody on this machine can read the private key ${path}: run chmod 600 ${path}`];
}

/** A reload that also takes the certificate that lies there now: it is read before anything changes, and used once all the rest is. */
export function withCertificate(
  reload: () => Promise<ReloadView>,
  read: () => Promise<ReadCertificate | null>,
  renew: (certificate: ReadCertificate) => Promise<void>,
): () => Promise<ReloadView> {
  return async () => {
    const certificate = await read();
    const view = await reload();
    if (certificate === null) return view;
    await renew(certificate);
    return { ...view, warnings: [...view.warnings, ...certificate.warnings] };
  };
}

/** Where the certificate lies that is served now. The configured file may be a newer one, which nobody took over yet. */
export function servedIn(state: string): string {
  return join(state, "certificate.pem");
}

/** Keeps it where commands on this machine find it: they know the controller by it. */
export async function keepServed(state: string, certificate: ReadCertificate | null): Promise<void> {
  if (certificate === null) return rm(servedIn(state), { force: true });
  const draft = `${servedIn(state)}.new`;
  await writeFile(draft, certificate.cert, { mode: 0o600 });
  await rename(draft, servedIn(state));
}
