import { parseFiles } from "./disk.ts";
import { dumpNginx, parseDump } from "./dump.ts";
import { type Expected, type Finding, inOrder } from "./finding.ts";
import { findings } from "./findings.ts";
import { folderFindings, workerUser } from "./folders.ts";
import type { ConfigTree } from "./tree.ts";

/** What was found, and what it was found in. */
export type Inspection = {
  readonly tree: ConfigTree;
  /** `files` where `nginx -T` could not be run or refused: then a finding says why. */
  readonly from: "dump" | "files";
  readonly findings: readonly Finding[];
};

/** Reads the configuration of an nginx: what `nginx -T` prints, or else the files themselves. Never rejects. */
export async function readNginx(input: {
  readonly binary: string;
  readonly config: string;
  readonly ownFolder: string;
  readonly timeoutMs: number;
}): Promise<{ readonly tree: ConfigTree; readonly from: "dump" | "files"; readonly refused: Finding | null }> {
  const dump = await dumpNginx(input);
  if (dump.is === "dumped") return { tree: parseDump(dump.text), from: "dump", refused: null };
  const tree = await parseFiles(input.config);
  const message = `nginx does not take this configuration: ${dump.reason}`;
  const fix = `Correct it, then look at what nginx says itself:\n    ${input.binary} -t -c ${input.config}`;
  const place = { file: dump.file ?? input.config, line: dump.line ?? 1 };
  return { tree, from: "files", refused: { severity: "error", code: "nginx-refuses", ...place, service: null, message, fix } };
}

/**
 * Everything that `sluice check --nginx` says of one nginx. Never rejects.
 *
 * `builtInUser` is the user that workers run as where the configuration has no `user` directive.
 */
export async function inspectNginx(
  input: { readonly binary: string; readonly config: string; readonly timeoutMs: number; readonly builtInUser: string },
  expected: Expected,
): Promise<Inspection> {
  const { tree, from, refused } = await readNginx({ ...input, ownFolder: expected.target.include });
  const folders = await folderFindings(tree, expected, await workerUser(tree, input.builtInUser));
  return { tree, from, findings: inOrder([...(refused === null ? [] : [refused]), ...findings(tree, expected), ...folders]) };
}
