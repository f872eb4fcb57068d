import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Route } from "../../src/core/route.ts";
import { Generations, type Manifest } from "../../src/nginx/files.ts";
import { count } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { type Stage, shifted, startStage } from "../support/stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await startStage();
});
afterEach(() => stage[Symbol.asyncDispose]());

const signals = () => stage.driven.nginx.logs().split("(SIGHUP) received").length - 1;
const include = () => stage.driven.settings.include;

async function applied(...routes: readonly Route[]) {
  stage.driven.want(routes);
  return stage.driven.applied(routes);
}

/** A complete generation that differs from the live one, written but not in place. */
async function another(files: Generations): Promise<{ before: Manifest; next: string }> {
  const current = await files.current();
  const before = current === null ? null : await files.manifest(current);
  if (current === null || before === null) throw new Error("no generation on disk");
  const next = `${await files.nextNumber(0)}-0000abcd`;
  const texts = Object.keys(before.files).map((name): [string, string] => {
    const text = readFileSync(join(files.path(current), name), "utf8").replaceAll(current, next);
    return [name, name === "shop.http.conf" ? text.replaceAll("weight=1 ", "weight=2 ") : text];
  });
  await files.write({ ...before, generation: next, hash: "0000abcd" }, new Map(texts));
  return { before, next };
}

describe("a target", () => {
  test("says that it waits for an nginx that does not run, and takes over when it comes up", async () => {
    await applied(stage.web, stage.shop);
    await stage.driven.nginx.kill();
    const report = await stage.driven.reported("it waits", (one) => one.waiting?.includes("nginx is not running") === true);
    expect(report.blocked).toBeNull();
    const half = shifted(stage.shop, 5_000);
    const whole = shifted(stage.web, 10_000);
    stage.driven.want([whole, half]);
    await until("the files are there", () => readlinkSync(join(include(), "current")).startsWith("gen-2-"));
    expect(stage.driven.report().services).toEqual({});
    await stage.driven.nginx.start();
    await stage.driven.applied([whole, half]);
    expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 10, green: 10 });
    expect(await count(stage.driven.url, 20)).toEqual({ green: 20 });
    await stage.driven.reported("it waits no more", (one) => one.waiting === null);
  });

  test("proves anew what an nginx that was killed and started again serves", async () => {
    const whole = shifted(stage.web, 10_000);
    await applied(whole, stage.shop);
    await stage.driven.nginx.kill();
    await stage.driven.nginx.start();
    const back = shifted(whole, 0);
    await applied(back, stage.shop);
    expect(await count(stage.driven.url, 20)).toEqual({ blue: 20 });
  });

  test("survives a reload by somebody else", async () => {
    await applied(stage.web, stage.shop);
    await stage.driven.nginx.reload();
    const half = shifted(stage.shop, 5_000);
    await applied(stage.web, half);
    expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 10, green: 10 });
  });

  test("signals nothing that is not an nginx master, and says whose pid it found", async () => {
    await applied(stage.web, stage.shop);
    const pid = readFileSync(stage.driven.nginx.pidFile, "utf8");
    writeFileSync(stage.driven.nginx.pidFile, String(process.pid));
    stage.driven.want([stage.web, shifted(stage.shop, 5_000)]);
    const report = await stage.driven.reported("blocked", (one) => one.blocked !== null);
    expect(report.blocked).toContain("is not an nginx master");
    writeFileSync(stage.driven.nginx.pidFile, pid);
    await stage.driven.applied([shifted(stage.shop, 5_000)]);
    expect(stage.driven.report().blocked).toBeNull();
  });

  test("takes over after a crash without a reload where nothing changed", async () => {
    await applied(stage.web, stage.shop);
    const before = signals();
    await stage.driven.close();
    await stage.driven.open();
    const report = await applied(stage.web, stage.shop);
    expect(signals()).toBe(before);
    expect(report.generation).toMatch(/^1-/);
  });

  test("signals nginx where the process ended between the swap and the signal", async () => {
    await applied(stage.web, stage.shop);
    await stage.driven.close();
    const files = new Generations(include());
    const { next } = await another(files);
    await files.swap(next);
    await stage.driven.open();
    // The bytes on disk are those of `next`; nginx still serves the first: equal routes are no proof.
    const report = await applied(stage.web, stage.shop);
    expect(report.generation).not.toBe(next);
    expect((await files.current()) ?? "").toBe(report.generation);
    expect(signals()).toBeGreaterThan(0);
  });

  test("does not take equal bytes on disk for proof that nginx serves them", async () => {
    await applied(stage.web, stage.shop);
    const files = new Generations(include());
    const first = (await files.current()) ?? "";
    const half = shifted(stage.shop, 5_000);
    const second = (await applied(stage.web, half)).generation;
    await stage.driven.close();
    await files.swap(first);
    await stage.driven.nginx.reload();
    await files.swap(second);
    await stage.driven.open();
    const report = await applied(stage.web, half);
    expect(report.generation).toBe(second);
    expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 10, green: 10 });
  });

  test.each(["written", "marked", "swapped"] as const)(
    "starts on the proved set after a crash that left one %s",
    async (left) => {
      await applied(stage.web, stage.shop);
      await stage.driven.close();
      const files = new Generations(include());
      const { before, next } = await another(files);
      if (left !== "written") await files.mark({ from: before.generation, to: next });
      if (left === "swapped") await files.swap(next);
      mkdirSync(join(include(), ".new-9-half"));
      await stage.driven.nginx.kill();
      await stage.driven.open();
      expect(await files.current()).toBe(before.generation);
      expect(readdirSync(include()).filter((name) => name === "pending" || name.startsWith("."))).toEqual([]);
      await stage.driven.nginx.start();
      await applied(stage.web, stage.shop);
      expect(await count(`${stage.driven.url}/shop`, 10)).toEqual({ blue: 10 });
    },
  );

  test("keeps a set that nginx serves already although the process ended before it was proved", async () => {
    await applied(stage.web, stage.shop);
    await stage.driven.close();
    const files = new Generations(include());
    const { before, next } = await another(files);
    await files.mark({ from: before.generation, to: next });
    await files.swap(next);
    await stage.driven.nginx.reload();
    await stage.driven.open();
    expect(await files.current()).toBe(next);
    expect(await files.pending()).toBeNull();
  });

  test("repeats no generation after its folder was lost", async () => {
    const half = shifted(stage.shop, 5_000);
    const first = await applied(stage.web, half);
    await stage.driven.close();
    rmSync(include(), { recursive: true });
    await stage.driven.open();
    const report = await applied(stage.web, half);
    expect(Number.parseInt(report.generation, 10)).toBeGreaterThan(Number.parseInt(first.generation, 10));
    expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 10, green: 10 });
  });

  test("keeps a live share over a crash at any step of a swap", async () => {
    const part = shifted(stage.web, 10_000);
    await applied(part, stage.shop);
    await stage.driven.close();
    const { tables } = stage.driven.settings;
    // What a crash may leave: a directory that no table points to, and a link that was not renamed yet.
    mkdirSync(join(tables, "sets", "web.green.77"));
    writeFileSync(join(tables, ".next-web.green"), "");
    await stage.driven.open();
    expect(await count(stage.driven.url, 20)).toEqual({ green: 20 });
    await applied(part, stage.shop);
    expect(readdirSync(join(tables, "sets"))).toEqual([]);
    expect(readdirSync(tables)).not.toContain(".next-web.green");
  });

  test("touches nothing where another program's file is in the way", async () => {
    await stage.driven.close();
    rmSync(join(include(), "current"));
    writeFileSync(join(include(), "current"), "mine");
    await expect(stage.driven.open()).rejects.toThrow("is not a link that Sluice made");
    expect(readFileSync(join(include(), "current"), "utf8")).toBe("mine");
  });
});
