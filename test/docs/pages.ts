import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "../support/sources.ts";

/** A Markdown file of the project. `path` is from the root of the checkout. */
export type Page = { readonly path: string; readonly folder: string; readonly text: string };

/** A fenced block. `info` is what stands behind the three back-ticks; `line` is that of the fence, from 1. */
export type Block = { readonly page: string; readonly line: number; readonly info: string; readonly text: string };

const FOLDERS = ["", "docs", "docs/decisions", "templates"] as const;

/** Every Markdown file that people read. */
export function readPages(): readonly Page[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => {
        const file = join(root, folder, name);
        return { path: relative(root, file), folder: dirname(file), text: readFileSync(file, "utf8") };
      }),
  );
}

/** The fenced blocks of a page. */
export function blocksOf({ path, text }: Page): readonly Block[] {
  const blocks: Block[] = [];
  let open: { line: number; info: string; lines: string[] } | null = null;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^```(?<info>.*)$/.exec(line)?.groups?.info;
    if (fence === undefined) open?.lines.push(line);
    else if (open === null) open = { line: index + 1, info: fence.trim(), lines: [] };
    else {
      blocks.push({ page: path, line: open.line, info: open.info, text: open.lines.join("\n") });
      open = null;
    }
  }
  if (open !== null) throw new Error(`${path}:${open.line} opens a block that nothing closes`);
  return blocks;
}

/** What stands between `<!-- NAME -->` and `<!-- /NAME -->`, without the blank lines around it; null where there is no such place. */
export function marked({ text }: Page, name: string): string | null {
  const [, after] = text.split(`<!-- ${name} -->\n`);
  const [inside, rest] = after?.split(`<!-- /${name} -->`) ?? [];
  return inside === undefined || rest === undefined ? null : inside.trim();
}
