import type { ServiceName } from "../core/units.ts";
import { type Bench, isGood, putInPlace } from "./apply.ts";
import { changedFew } from "./changed-few.ts";
import { type Chosen, choose } from "./choose.ts";
import { APART, testApart, testCommand, testFolder } from "./command.ts";
import type { Parts } from "./compose.ts";
import type { Manifest } from "./files.ts";
import { type Master, startOption } from "./processes.ts";
import { type RenderedSet, render } from "./render.ts";
import { closingFlag } from "./settings.ts";
import type { Site } from "./site.ts";
import type { Templates } from "./template.ts";
import { words } from "./words.ts";

export type Replacement = {
  readonly bench: Bench;
  readonly templates: Templates;
  readonly parts: Parts;
  readonly disk: Manifest | null;
  readonly master: Master | null;
  /** No generation number at or below this is used. */
  readonly above: number;
  /** True where what is wanted has changed since, and it is not too late to start over. */
  readonly stale: () => boolean;
};

/** `placed`: on disk as `current`, tested, under the marker. `same`: nothing differs. `hopeless`: the fault is not in the changes. */
export type Replaced =
  | { readonly is: "same"; readonly parts: Parts; readonly refused: ReadonlyMap<ServiceName, string> }
  | { readonly is: "placed"; readonly manifest: Manifest; readonly refused: ReadonlyMap<ServiceName, string> }
  | { readonly is: "hopeless"; readonly text: string }
  | { readonly is: "stale" };

/** Renders, tests and puts in place as much of what is wanted as nginx takes. Signals nothing. */
export async function replaceSet(input: Replacement): Promise<Replaced> {
  const trials: Trial[] = [];
  let kept: Manifest | null = null;
  try {
    const apart = await chooseApart(input, trials);
    if (input.stale()) return { is: "stale" };
    if (apart.set.hash === input.disk?.hash) return { is: "same", parts: apart.parts, refused: apart.refused };
    kept = trials.find(({ parts }) => parts === apart.parts)?.manifest ?? (await write(input, apart.set, apart.parts));
    return await placeChosen(input, apart, kept);
  } finally {
    for (const { manifest } of trials) if (manifest !== kept) await input.bench.files.remove(manifest.generation);
  }
}

/** Only with the user's main file does it show whether the whole is good. */
async function placeChosen(input: Replacement, apart: Chosen & { readonly is: "chosen" }, manifest: Manifest): Promise<Replaced> {
  const refused = new Map(apart.refused);
  const objection = await place(input, manifest);
  if (objection === null) return { is: "placed", manifest, refused };
  const together = await choose({
    parts: apart.parts,
    disk: input.disk,
    render: (parts) => renderSet(input, parts),
    test: (set, parts) => testInPlace(input, set, parts),
  });
  if (together.is === "hopeless") return { is: "hopeless", text: together.text };
  for (const [service, text] of together.refused) refused.set(service, text);
  if (together.set.hash === input.disk?.hash) return { is: "same", parts: together.parts, refused };
  const rest = await write(input, together.set, together.parts);
  const last = await place(input, rest);
  return last === null ? { is: "placed", manifest: rest, refused } : { is: "hopeless", text: last };
}

/** What a site is rendered with, apart from its services. */
export function siteOf(bench: Bench): Site {
  const { tables, status } = bench.settings;
  return { tables, status, closingFlag: closingFlag(tables), capabilities: bench.build.capabilities };
}

/** A generation that was written to be tested beside the live one. */
type Trial = { readonly parts: Parts; readonly manifest: Manifest };

/** Bad changes are found in a main file of our own first, so that the live files stay as they are meanwhile. */
async function chooseApart(input: Replacement, trials: Trial[]): Promise<Chosen & { readonly is: "chosen" }> {
  const common = { parts: input.parts, disk: input.disk, render: (parts: Parts) => renderSet(input, parts) };
  const test = async (set: RenderedSet, parts: Parts) => {
    if (set.hash === input.disk?.hash) return null;
    const writing = write(input, set, parts).then((manifest) => {
      trials.push({ parts, manifest });
      return manifest;
    });
    const [manifest, fewAreGood] = await Promise.all([writing, testFew(input, set)]);
    return fewAreGood ? null : testWhole(input, manifest);
  };
  const chosen = await choose({ ...common, test });
  if (chosen.is === "chosen") return chosen;
  // Bad even as it was: what it needs is in the user's main file, so only the test of everything can tell.
  const untested = await choose({ ...common, test: async () => null });
  if (untested.is === "hopeless") throw new Error(untested.text);
  return untested;
}

/**
 * True where what changed was tested with what it needs, and is good. The services that stay as they are were tested before; that
 * they are many must not cost anything. Where something is missing from so small a set, only all of it can tell.
 */
async function testFew(input: Replacement, set: RenderedSet): Promise<boolean> {
  const { settings } = input.bench;
  const few = input.disk === null ? null : changedFew(set, input.disk);
  if (few === null) return false;
  return (await testApart(settings.drive, prefixOf(input), settings.status, few)).is === "good";
}

async function testWhole(input: Replacement, manifest: Manifest): Promise<string | null> {
  const { settings, files } = input.bench;
  const folder = files.path(manifest.generation);
  const tested = await testFolder(settings.drive, prefixOf(input), settings.status, folder, Object.keys(manifest.files));
  if (tested.is === "unable") throw new Error(tested.text);
  return tested.is === "good" ? null : words(tested.text, APART.slice(0, -1), lookAt(input)).text;
}

function prefixOf({ master, bench }: Replacement): string {
  return (master === null ? null : startOption(master, "p")) ?? bench.build.prefix;
}

function renderSet(input: Replacement, parts: Parts): RenderedSet {
  return render({ site: siteOf(input.bench), ...parts }, input.templates);
}

async function write(input: Replacement, set: RenderedSet, parts: Parts): Promise<Manifest> {
  const { files } = input.bench;
  const generation = `${await files.nextNumber(input.above)}-${set.hash}`;
  return files.write({ generation, hash: set.hash, ...parts }, set.files(generation), input.disk);
}

async function place(input: Replacement, manifest: Manifest): Promise<string | null> {
  const raw = await putInPlace(input.bench, manifest.generation, input.disk?.generation ?? null, input.master);
  if (raw === null) return null;
  if (input.disk !== null) await input.bench.files.remove(manifest.generation);
  return words(raw, input.bench.settings.include, lookAt(input)).text;
}

/** Tries a set in place of the live one for as long as the test takes. */
async function testInPlace(input: Replacement, set: RenderedSet, parts: Parts): Promise<string | null> {
  const { bench, disk } = input;
  if (disk !== null && set.hash === disk.hash)
    return (await isGood(bench, input.master))
      ? null
      : `nginx refuses its configuration, with or without Sluice's changes; ${lookAt(input)}`;
  const manifest = await write(input, set, parts);
  const objection = await place(input, manifest);
  if (objection === null && disk !== null) {
    await bench.files.restore({ from: disk.generation, to: manifest.generation });
    await bench.files.remove(manifest.generation);
  }
  return objection;
}

function lookAt(input: Replacement): string {
  return testCommand(input.bench.settings.drive);
}
