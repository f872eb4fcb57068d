import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { link, lstat, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Principal } from "./principal.ts";

/** Found by scanners of secrets: a fixed prefix, 32 random bytes, and a checksum that tells a token from what looks like one. */
const PREFIX = "sluice_";
const TOKEN = /^sluice_(?<secret>[A-Za-z0-9_-]{43})(?<sum>[0-9a-f]{8})$/;

/** The admin token of a state folder: where it lies, and what tells it from others. It is never printed. */
export type AdminToken = {
  readonly path: string;
  /** True where this start wrote it. */
  readonly created: boolean;
  readonly verify: (token: string) => Principal | null;
};

/**
 * Reads the file `token` in the state folder, and writes it on the first start, readable by its owner alone.
 *
 * Rejects where others can read the file, or where it does not hold a token, with what to do about it.
 */
export async function ensureAdminToken(stateFolder: string): Promise<AdminToken> {
  const path = join(stateFolder, "token");
  const created = await writeOnce(stateFolder, path);
  const token = (await readPrivate(path)).trim();
  if (!isToken(token)) {
    throw new Error(`${path} does not hold a token of Sluice. Remove the file: the next start writes a new one.`);
  }
  return { path, created, verify: verifier(token, { name: "admin", scopes: ["admin"], services: null }) };
}

/** Knows one token by its hash; the comparison takes the same time wherever the two differ. */
export function verifier(token: string, principal: Principal): (candidate: string) => Principal | null {
  const known = sha256(token);
  return (candidate) => (timingSafeEqual(known, sha256(candidate)) ? principal : null);
}

/** A new random token. */
export function newToken(): string {
  const secret = randomBytes(32).toString("base64url");
  return PREFIX + secret + checksum(secret);
}

/** True for what has the form of a token and the right checksum, whoever it belongs to. */
export function isToken(text: string): boolean {
  const { secret, sum } = TOKEN.exec(text)?.groups ?? {};
  return secret !== undefined && checksum(secret) === sum;
}

function checksum(secret: string): string {
  return crc32(secret).toString(16).padStart(8, "0");
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Complete or not at all, and never over an existing file; true where it was written. */
async function writeOnce(folder: string, path: string): Promise<boolean> {
  const draft = join(folder, `.token-${randomBytes(6).toString("hex")}`);
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${newToken()}\n`);
    await file.sync();
    await link(draft, path);
    await syncFolder(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await file.close();
    await unlink(draft);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readPrivate(path: string): Promise<string> {
  const is = await lstat(path);
  if (!is.isFile()) throw new Error(`${path} is not a plain file. Remove it: the next start writes a new token.`);
  if ((is.mode & 0o077) !== 0) {
    throw new Error(
      `Others can read the token in ${path}. Remove it, since it may be known: the next start writes a new one; or run chmod 600 ${path}.`,
    );
  }
  return readFile(path, "utf8");
}
