import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { buildDashboard, whyBuild } from "../../scripts/dashboard.mjs";
import { ApiUnderTest } from "../api/api-under-test.ts";
import { root } from "../support/sources.ts";

const folder = join(root, "dist/dashboard");

beforeAll(async () => {
  if (whyBuild(root) !== null) await buildDashboard(process.execPath, root);
}, 60_000);

/** The files of the build, by the path that a browser asks for. */
function built(): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return new Map(
    names.map((one) => [join(one.parentPath, one.name).slice(folder.length), readFileSync(join(one.parentPath, one.name))]),
  );
}

test("the whole page is below 60 kB", () => {
  const sizes = [...built().values()].map((content) => gzipSync(content).length);
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(60_000);
});

test("the page asks for nothing elsewhere, and has nothing inline", () => {
  const page = built().get("/index.html")?.toString() ?? "";
  expect([...page.matchAll(/(?:src|href)="(?<to>[^"]+)"/g)].map((match) => match.groups?.to?.slice(0, 8))).toEqual(
    Array(3).fill("/assets/"),
  );
  expect(page).not.toMatch(/<style|style=|<script(?![^>]*src=)|javascript:|\son\w+=/);
});

test("the page and what it loads are served to anybody, under a strict policy", async () => {
  await using api = await ApiUnderTest.start({ dashboard: folder });
  const page = await api.ask("/", { token: null });
  expect(page).toMatchObject({
    status: 200,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  });
  const policy = String(page.headers["content-security-policy"]);
  for (const rule of ["default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'"])
    expect(policy).toContain(rule);
  expect(page.body).toContain('data-auth="token"');
  for (const path of built().keys()) {
    if (!path.startsWith("/assets/")) continue;
    const got = await api.ask(path, { token: null });
    expect(got.status, path).toBe(200);
    expect(String(got.headers["content-type"]), path).toMatch(
      /^(text\/(javascript|css)|application\/javascript|image\/svg\+xml)/,
    );
    expect(got.headers["cache-control"], path).toContain("immutable");
  }
});

test.each(["/assets/nothing.js", "/assets/..%2f..%2findex.html", "/assets/.hidden", "/index.html"])(
  "nothing but the build is served: %s",
  async (path) => {
    await using api = await ApiUnderTest.start({ dashboard: folder });
    const got = await api.ask(path, { token: null });
    expect(got.status).toBe(404);
    expect(got.body.code).toBe("not-found");
  },
);

test("a page that needs no token says so", async () => {
  await using api = await ApiUnderTest.start({ dashboard: folder, auth: { kind: "none" } });
  expect((await api.ask("/", { token: null })).body).toContain('data-auth="none"');
});

test("a checkout that is not built says how to build it, and serves all the same", async () => {
  await using api = await ApiUnderTest.start({ dashboard: join(root, "dist/nowhere") });
  const page = await api.ask("/", { token: null });
  expect(page.status).toBe(200);
  expect(page.body).toContain("npm run build");
  expect((await api.ask("/v1/services")).status).toBe(200);
});
