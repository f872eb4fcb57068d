import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StoreError } from "../../src/core/errors.ts";
import { openAbortFiles } from "../../src/store/abort-files.ts";

let state: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "sluice-aborts-"));
});

afterEach(() => rm(state, { recursive: true, force: true }));

test("a recorded abort is there for whoever starts next, until it is cleared", () => {
  const files = openAbortFiles(state);
  for (const rollout of ["web-12", "web-2", "api-1"]) files.prepareAbort(rollout);
  expect(files.takeAborts()).toEqual([]);
  files.recordAbort("web-12");
  files.recordAbort("api-1");
  expect(openAbortFiles(state).takeAborts()).toEqual(["api-1", "web-12"]);
  expect(files.takeAborts()).toEqual(["api-1", "web-12"]);
  files.clearAbort("web-12");
  expect(openAbortFiles(state).takeAborts()).toEqual(["api-1"]);
});

test("an abort can be recorded twice, cleared twice, and without having been prepared", () => {
  const files = openAbortFiles(state);
  files.recordAbort("web-1");
  files.recordAbort("web-1");
  expect(files.takeAborts()).toEqual(["web-1"]);
  files.clearAbort("web-1");
  files.clearAbort("web-1");
  expect(files.takeAborts()).toEqual([]);
});

test("preparing again does not forget an abort", () => {
  const files = openAbortFiles(state);
  files.recordAbort("web-1");
  files.prepareAbort("web-1");
  expect(files.takeAborts()).toEqual(["web-1"]);
});

test("a rollout that ends leaves no file, and files are for their owner alone", async () => {
  const files = openAbortFiles(state);
  files.prepareAbort("web-1");
  files.prepareAbort("web-2");
  files.recordAbort("web-2");
  const modes = (await readdir(join(state, "aborts"))).map(
    async (name) => (await stat(join(state, "aborts", name))).mode & 0o777,
  );
  expect(await Promise.all(modes)).toEqual([0o600, 0o600]);
  files.clearAbort("web-1");
  files.clearAbort("web-2");
  expect(await readdir(join(state, "aborts"))).toEqual([]);
});

test("an id that is no file name is refused", () => {
  for (const id of ["", "../web", "a/b", ".hidden", "a b"])
    expect(() => openAbortFiles(state).recordAbort(id), id).toThrow(TypeError);
});

test("where the folder is gone, the failure names what could not be done", async () => {
  const files = openAbortFiles(state);
  await rm(join(state, "aborts"), { recursive: true });
  expect(() => files.recordAbort("web-1")).toThrow(StoreError);
  expect(() => files.recordAbort("web-1")).toThrow(/cannot record the abort of web-1/);
});
