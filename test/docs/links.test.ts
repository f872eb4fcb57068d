import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readPages } from "./pages.ts";

const LINK = /\[[^\]]*\]\((?<target>[^)\s]+)\)/g;

/** What GitHub makes of a heading: small letters, blanks as dashes, nothing but letters, digits, dashes and underscores. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}

function anchors(text: string): readonly string[] {
  return [...text.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/^#{1,6} (?<heading>.*)$/gm)].map((match) =>
    anchorOf(match.groups?.heading ?? ""),
  );
}

describe("every relative link leads to something", () => {
  for (const page of readPages()) {
    test(page.path, () => {
      const broken = [...page.text.matchAll(LINK)].flatMap(({ groups }) => {
        const target = groups?.target ?? "";
        if (/^[a-z]+:/.test(target)) return [];
        const [path = "", anchor] = target.split("#");
        const file = path === "" ? join(page.folder, page.path.split("/").at(-1) ?? "") : join(page.folder, path);
        if (!existsSync(file)) return [`${target}: there is no ${file}`];
        if (anchor === undefined || statSync(file).isDirectory()) return [];
        return anchors(readFileSync(file, "utf8")).includes(anchor) ? [] : [`${target}: there is no such heading`];
      });
      expect(broken).toEqual([]);
    });
  }

  test("which says of itself that files of the code are named as they are", () => {
    const page = readPages().find(({ path }) => path === "ARCHITECTURE.md");
    const named = [...(page?.text.matchAll(/`(?<path>(?:[a-z-]+\/)*[a-z-]+\.(?:test\.)?ts)`/g) ?? [])].map(
      (match) => match.groups?.path ?? "",
    );
    const root = page?.folder ?? "";
    const missing = named.filter((path) => ![path, `src/${path}`].some((one) => existsSync(join(root, one))));
    expect(named.length).toBeGreaterThan(40);
    // A file that was named with its folder a moment before is named alone after it.
    expect(missing.filter((path) => path.includes("/"))).toEqual([]);
  });
});
