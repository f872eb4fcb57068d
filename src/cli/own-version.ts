import { readFile } from "node:fs/promises";

/** The version in package.json, which lies at the same place beside the sources and beside the build. */
export async function ownVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
