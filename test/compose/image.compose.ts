import { expect, test } from "vitest";
import { docker } from "./engine.ts";
import { IMAGES } from "./images.ts";

const image = IMAGES.SLUICE_IMAGE;

/** Runs a line of shell in a container of the image, as root, so that nothing is hidden. */
function inside(line: string): Promise<string> {
  return docker("run", "--rm", "--user", "0", "--network", "none", "--entrypoint", "sh", image, "-c", line);
}

test("is below 300 MB, runs as nobody's root, and says what it is", async () => {
  const [found] = JSON.parse(await docker("image", "inspect", image)) as readonly Inspected[];
  expect(found?.Size).toBeLessThan(300_000_000);
  expect(found?.Config).toMatchObject({
    User: "10001:10001",
    Entrypoint: ["sluice"],
    Healthcheck: { Test: expect.arrayContaining(["node"]) },
    Labels: {
      "org.opencontainers.image.title": "Sluice",
      "org.opencontainers.image.licenses": "Apache-2.0",
      "org.opencontainers.image.version": expect.stringMatching(/^\d+\.\d+\.\d+$/),
    },
  });
  expect(found?.Config.Env.join("\n")).not.toMatch(/token|secret|password|_key/i);
});

test("the entrypoint is the command", async () => {
  const version = await docker("run", "--rm", "--network", "none", "--read-only", image, "version", "-o", "json");
  expect(version).toMatch(/\d+\.\d+\.\d+/);
});

test("holds the program and what it needs to run, and nothing to build or to test with", async () => {
  const there = await inside("ls /opt/sluice /opt/sluice/node_modules");
  for (const name of ["bin", "dist", "templates", "schema", "fastify", "zod"]) expect(there).toContain(name);
  expect(there).not.toMatch(/^(src|test|typescript|vitest|@types|@biomejs|playwright-core|package-lock\.json|\.env.*|\.git)$/m);
  const tools = ["npm", "npx", "yarn", "corepack", "gcc", "make", "git", "python3", "tsc"];
  expect(await inside(`for tool in ${tools.join(" ")}; do command -v $tool; done; true`)).toBe("");
  expect(
    await inside(
      "find /opt -name '*.map' -o -name '*.test.*' -o -name '.npmrc' -o -name '.env*'; find /root /home -type f -name '.npmrc'",
    ),
  ).toBe("");
});

test("has no file that its user could change, and none that gives other rights", async () => {
  expect(await inside("find / -xdev -type f -perm /6000")).toBe("");
  const own = await inside("find / -xdev -uid 10001 -not -path '/proc/*'");
  expect(own.split("\n").sort()).toEqual(["", "/include", "/nginx", "/state", "/tables"].map((name) => `/var/lib/sluice${name}`));
  expect(await inside("stat -c %a /var/lib/sluice/state")).toBe("700");
});

type Inspected = {
  readonly Size: number;
  readonly Config: { readonly Env: readonly string[] } & Readonly<Record<string, unknown>>;
};
