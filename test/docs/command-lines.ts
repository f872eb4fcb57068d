import { blocksOf, type Page } from "./pages.ts";

/** A `sluice …` command line that a page shows. */
export type CommandLine = { readonly page: string; readonly text: string; readonly args: readonly string[] };

/** The words of a line as a shell would take them: quotes, and comments after a `#`. */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  const word = /"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g;
  for (const [, double, single, bare] of line.matchAll(word)) {
    if (bare?.startsWith("#")) break;
    words.push(double ?? single ?? bare ?? "");
  }
  return words;
}

/** All command lines of a page: those in blocks, and whole ones in running text. */
export function commandLines(page: Page): readonly CommandLine[] {
  const inBlocks = blocksOf(page)
    .filter(({ info }) => info === "sh")
    .flatMap(({ text }) => text.split("\n").filter((line) => line.startsWith("sluice ")));
  // What stands in the tables of settings is the schema's, and names commands without their arguments.
  const running = page.text.replaceAll(/^```[\s\S]*?^```|^<!-- settings[\s\S]*?^<!-- \/settings/gm, "");
  const inText = [...running.matchAll(/`(?<line>sluice [^`]+)`/g)].map((match) => match.groups?.line ?? "");
  // Whoever writes a placeholder in capitals shows no line to copy.
  return [...inBlocks, ...inText.filter((line) => !/ [A-Z]{2,}|…|-\[/.test(line))].map((text) => ({
    page: page.path,
    text,
    args: wordsOf(text).slice(1),
  }));
}
