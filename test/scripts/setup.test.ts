import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findNginx, installNginx, withoutStart } from "../../scripts/nginx.mjs";
import { whyInstall } from "../../scripts/packages.mjs";

let folder: string;
let said: string[];
const say = (text: string) => void said.push(text);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-setup-"));
  said = [];
});

afterEach(() => rm(folder, { recursive: true }));

describe("packages are installed", () => {
  const at = (name: string, seconds: number) => utimes(join(folder, name), seconds, seconds);

  beforeEach(async () => {
    await writeFile(join(folder, "package-lock.json"), "{}");
  });

  test("where there are none", () => {
    expect(whyInstall(folder)).toBe("they are not installed yet");
  });

  test("where an installation was cut short", async () => {
    await mkdir(join(folder, "node_modules", "zod"), { recursive: true });
    expect(whyInstall(folder)).toBe("they are not installed yet");
  });

  test("where the lock file is newer, and not again after that", async () => {
    await mkdir(join(folder, "node_modules"));
    await writeFile(join(folder, "node_modules", ".package-lock.json"), "{}");
    await at("package-lock.json", 2_000);
    await at("node_modules/.package-lock.json", 1_000);
    expect(whyInstall(folder)).toBe("package-lock.json is newer than what is installed");
    await at("node_modules/.package-lock.json", 3_000);
    expect(whyInstall(folder)).toBeNull();
  });
});

describe("nginx", () => {
  test("is found in the folders of a path, where it can be run", async () => {
    await mkdir(join(folder, "one"));
    await mkdir(join(folder, "two"));
    await writeFile(join(folder, "one", "nginx"), "", { mode: 0o644 });
    await writeFile(join(folder, "two", "nginx"), "", { mode: 0o755 });
    const path = ["", join(folder, "one"), join(folder, "two")].join(delimiter);
    expect(findNginx(path)).toBe(join(folder, "two", "nginx"));
    expect(findNginx(join(folder, "none"))).toBeNull();
  });

  test("is left to the user where there is no apt, with the command for each system", async () => {
    const wish = installNginx(say, join(folder, "no-apt-get"));
    await expect(wish).rejects.toThrow(
      /apt: .*apt-get install[\s\S]*dnf: .*dnf install[\s\S]*apk: .*apk add[\s\S]*brew: brew install/,
    );
    expect(said).toEqual([]);
  });
});

describe("while nginx is installed", () => {
  const policy = () => join(folder, "policy-rc.d");

  test("a policy forbids to start it, and is gone afterwards", async () => {
    let during = { text: "", mode: 0 };
    await withoutStart(
      say,
      async () => {
        during = { text: await readFile(policy(), "utf8"), mode: (await stat(policy())).mode & 0o777 };
      },
      policy(),
    );
    expect(during).toEqual({ text: expect.stringMatching(/^#!\/bin\/sh\n[\s\S]*exit 101\n$/), mode: 0o755 });
    await expect(stat(policy())).rejects.toThrow("ENOENT");
  });

  test("the policy is gone after a failure too, and the failure is passed on", async () => {
    const fail = () => Promise.reject(new Error("apt-get failed"));
    await expect(withoutStart(say, fail, policy())).rejects.toThrow("apt-get failed");
    await expect(stat(policy())).rejects.toThrow("ENOENT");
  });

  test("somebody else's policy stays as it is, and that is said", async () => {
    await writeFile(policy(), "#!/bin/sh\nexit 0\n");
    await chmod(policy(), 0o700);
    await withoutStart(say, async () => {}, policy());
    expect(await readFile(policy(), "utf8")).toBe("#!/bin/sh\nexit 0\n");
    expect((await stat(policy())).mode & 0o777).toBe(0o700);
    expect(said).toEqual([expect.stringContaining("stays as it is")]);
  });

  test("a policy that a killed set-up left behind is taken away", async () => {
    let ours = "";
    await withoutStart(
      say,
      async () => {
        ours = await readFile(policy(), "utf8");
      },
      policy(),
    );
    await writeFile(policy(), ours);
    await withoutStart(say, async () => {}, policy());
    await expect(stat(policy())).rejects.toThrow("ENOENT");
  });
});
