import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { root } from "../support/sources.ts";

const FOLDER = join(root, "examples/systemd");
const UNITS = ["sluice.service", "sluice-root.service", "sluice-nginx-reload.service"];
const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");

describe("the rule of polkit", () => {
  type Action = { readonly id: string; lookup(name: string): string };
  let decide: (action: Action, subject: { readonly user: string }) => unknown = () => null;
  const addRule = (rule: typeof decide) => {
    decide = rule;
  };
  const polkit = { Result: { YES: "yes" }, addRule };
  runInNewContext(read("50-sluice.rules"), { polkit });

  const asked = (id: string, unit: string, verb: string, user: string) =>
    decide({ id, lookup: (name) => ({ unit, verb })[name] ?? "" }, { user });
  const MANAGE = "org.freedesktop.systemd1.manage-units";
  const HELPER = "sluice-nginx-reload.service";

  test("lets Sluice's user start the helper", () => {
    expect(asked(MANAGE, HELPER, "start", "sluice")).toBe("yes");
  });

  test.each([
    ["another unit", MANAGE, "ssh.service", "start", "sluice"],
    ["another verb", MANAGE, HELPER, "stop", "sluice"],
    ["another user", MANAGE, HELPER, "start", "www-data"],
    ["another action", "org.freedesktop.systemd1.manage-unit-files", HELPER, "start", "sluice"],
  ])("says nothing of %s", (_what, id, unit, verb, user) => {
    expect(asked(id, unit, verb, user)).toBeUndefined();
  });

  test("names the unit that sluice.yaml starts, and the user of the service", () => {
    const { nginx } = parse(read("sluice.yaml")) as { readonly nginx: { readonly reload: readonly string[] } };
    expect(nginx.reload.slice(-2)).toEqual(["start", HELPER]);
    expect(read("sluice.service")).toContain("\nUser=sluice\n");
  });
});

const analyze = await execa("systemd-analyze", ["--version"], { reject: false });

describe.skipIf(analyze.failed)("systemd-analyze, where it is installed", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-units-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  // It wants programs that are there.
  const paths = UNITS.map((name) => {
    const path = join(folder, name);
    writeFileSync(path, read(name).replaceAll(/^(ExecStart=)\S+/gm, `$1${process.execPath}`));
    return path;
  });

  test("takes the units without a word", async () => {
    const { all, exitCode } = await execa("systemd-analyze", ["verify", "--man=no", ...paths], { reject: false, all: true });
    expect(`${exitCode} ${all}`).toBe("0 ");
  });

  test("rates the unprivileged unit as well closed", async () => {
    const args = ["security", "--offline=true", "--threshold=20", join(folder, "sluice.service")];
    const { exitCode, all } = await execa("systemd-analyze", args, { reject: false, all: true });
    expect(exitCode, all.slice(-200)).toBe(0);
  });
});
