import { describe, expect, it } from "vitest";
import { sluice } from "../support/cli.ts";
import { until } from "../support/nginx.ts";
import { DemoRun } from "./run.ts";

describe.concurrent("the demo", () => {
  it("plays its three acts with no request lost, and leaves nothing behind", { timeout: 90_000 }, async () => {
    await using demo = new DemoRun();
    expect(await demo.ended(), demo.out).toBe(0);
    expect(demo.out).toMatch(/web-1 step 5 promoted: green is stable/);
    expect(demo.out).toMatch(/web-2 step \d reverted: all traffic is on green: errors: .* % of \d+ requests/);
    expect(demo.out).toMatch(/web-3 step 2 promoted: blue is stable/);
    expect(demo.out).toMatch(/web-4 step 2 promoted: green is stable/);
    expect(demo.out).toMatch(/canary +✔ promoted +v2 has all requests/);
    expect(demo.out).toMatch(/bad version +✔ reverted +v3 is out \d+\w+ after it broke; [1-9]\d* failed, 0 lost/);
    expect(demo.out).toMatch(/switch +✔ promoted +v4 has all requests/);
    expect(demo.out).toMatch(/switch back +✔ promoted +v2 has all requests/);
    expect(demo.out).toMatch(/slowest switch: \d+ms/);
    expect(demo.out).toMatch(/\n[1-9]\d{2,} requests, ✔ 0 lost\n/);
    expect(demo.left()).toEqual([]);
  });

  it.for(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "removes everything at once on %s, and ends with 130",
    {
      timeout: 60_000,
    },
    async (signal) => {
      await using demo = new DemoRun();
      await demo.says("web-1 step 1 observing");
      expect(demo.nginx()).toHaveLength(1);
      demo.kill(signal);
      expect(await demo.ended(), demo.out).toBe(130);
      expect(demo.left()).toEqual([]);
    },
  );

  it("removes everything also for somebody who presses Ctrl-C twice", { timeout: 60_000 }, async () => {
    await using demo = new DemoRun();
    await demo.says("web-1 step 1 observing");
    demo.kill("SIGINT");
    demo.kill("SIGINT");
    expect(await demo.ended(), demo.out).toBe(130);
    await until("nothing is left", () => demo.left().length === 0);
  });

  it("leaves no nginx and no file behind where it is killed", { timeout: 60_000 }, async () => {
    await using demo = new DemoRun();
    await demo.says("web-1 step 1 observing");
    demo.kill("SIGKILL");
    await demo.ended();
    await until("nothing is left", () => demo.left().length === 0);
  });

  it("with --keep stays up for commands that it prints, and shows what they do", { timeout: 60_000 }, async () => {
    await using demo = new DemoRun(["--keep"]);
    await demo.says("Yours to play with");
    const config = /export SLUICE_CONFIG=(\S+)/.exec(demo.out)?.[1] ?? "";
    const [, broken, other] = /curl -X POST (\S+\/break) (\S+\/break)/.exec(demo.out) ?? [];
    for (const url of [broken, other]) expect((await fetch(`http://${url}`, { method: "POST" })).status).toBe(200);
    const switched = await sluice(["switch", "web", "green", "--wait"], { env: { SLUICE_CONFIG: config } });
    expect(switched, switched.stderr).toMatchObject({ code: 3 });
    await demo.says("reverted: all traffic is on blue");
    const client = /curl -i (\S+)/.exec(demo.out)?.[1] ?? "";
    expect(await (await fetch(client)).text()).toBe("hello from v1\n");
    demo.kill("SIGINT");
    expect(await demo.ended(), demo.out).toBe(0);
    expect(demo.left()).toEqual([]);
  });
});
