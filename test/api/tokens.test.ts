import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureAdminToken, isToken, newToken, verifier } from "../../src/api/tokens.ts";

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "sluice-token-"));
});
afterEach(() => rm(state, { recursive: true }));

const read = async (path: string) => (await readFile(path, "utf8")).trim();

test("the first start writes a token that its owner alone can read, and nothing else", async () => {
  const { path, created, verify } = await ensureAdminToken(state);
  expect(created).toBe(true);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(state)).toEqual(["token"]);
  expect(verify(await read(path))).toEqual({ name: "admin", scopes: ["admin"], services: null });
});

test("a later start keeps it", async () => {
  const first = await read((await ensureAdminToken(state)).path);
  const again = await ensureAdminToken(state);
  expect(again.created).toBe(false);
  expect(await read(again.path)).toBe(first);
  expect(again.verify(first)).not.toBeNull();
  expect(await readdir(state)).toEqual(["token"]);
});

test("two starts at once agree on one token", async () => {
  const both = await Promise.all([ensureAdminToken(state), ensureAdminToken(state)]);
  const token = await read(join(state, "token"));
  expect(both.map(({ created }) => created).sort()).toEqual([false, true]);
  for (const { verify } of both) expect(verify(token)).not.toBeNull();
});

test("only the token itself is known", async () => {
  const { path, verify } = await ensureAdminToken(state);
  const token = await read(path);
  for (const wrong of ["", token.slice(0, -1), `${token}x`, token.toUpperCase(), newToken()]) expect(verify(wrong)).toBeNull();
});

test.each([0o640, 0o604, 0o620, 0o666])("a token of mode %o is refused with what to do", async (mode) => {
  const { path } = await ensureAdminToken(state);
  await chmod(path, mode);
  await expect(ensureAdminToken(state)).rejects.toThrow(/Others can .*chmod 600/);
});

test("a file that holds no token is refused, and left as it is", async () => {
  const path = join(state, "token");
  await writeFile(path, "hello\n", { mode: 0o600 });
  await expect(ensureAdminToken(state)).rejects.toThrow(/does not hold a token.*Remove the file/);
  expect(await readFile(path, "utf8")).toBe("hello\n");
});

test("a folder in the place of the token is refused", async () => {
  await mkdir(join(state, "token"));
  await expect(ensureAdminToken(state)).rejects.toThrow(/not a plain file/);
});

test("a token can be told from what looks like one", () => {
  const token = newToken();
  expect(token).toMatch(/^sluice_[A-Za-z0-9_-]{43}[0-9a-f]{8}$/);
  expect(isToken(token)).toBe(true);
  const changed = token.replace(/^sluice_./, (start) => (start.endsWith("A") ? "sluice_B" : "sluice_A"));
  expect(isToken(changed)).toBe(false);
  expect(new Set(Array.from({ length: 100 }, newToken)).size).toBe(100);
});

test("a verifier answers with whose token it is", () => {
  const token = newToken();
  expect(verifier(token, { name: "ci", scopes: ["operate"], services: ["web"] })(token)).toEqual({
    name: "ci",
    scopes: ["operate"],
    services: ["web"],
  });
});
