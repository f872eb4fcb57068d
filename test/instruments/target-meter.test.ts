import { beforeEach, expect, test } from "vitest";
import type { Target } from "../../src/core/ports.ts";
import type { Report, Route } from "../../src/core/route.ts";
import { instrumentsAt, seriesValue } from "../support/instruments.ts";
import { routeOf } from "../support/routes.ts";
import { ScriptedControl } from "../support/scripted-control.ts";

const clock = { t: 0 };
let instruments = instrumentsAt(clock);
let target: Target;
let wanted: readonly Route[];
let report: (more: Partial<Report>) => void;
let heard: Report[];

beforeEach(() => {
  clock.t = 0;
  instruments = instrumentsAt(clock);
  wanted = [];
  heard = [];
  let order = 0;
  let listener: (report: Report) => void = () => {};
  target = instruments.targets.measured({
    name: "edge",
    want: (routes) => {
      wanted = routes;
    },
    onReport: (one) => {
      listener = one;
    },
    [Symbol.asyncDispose]: async () => {},
  });
  target.onReport((one) => heard.push(one));
  const quiet = { target: "edge", generation: "", at: 0, lingering: 0, blocked: null, waiting: null, inFlight: {}, services: {} };
  report = (more) => {
    order += 1;
    listener({ ...quiet, order, ...more });
  };
});

const value = async (series: string) => seriesValue((await instruments.page(new ScriptedControl())).text, series);

const served = (version: number, refused: { version: number; text: string } | null = null) => ({
  web: { version, by: null, shares: {}, refused },
});

const routeAt = (version: number): Route => ({ ...routeOf({ blue: ["127.0.0.1:1"], green: ["127.0.0.1:2"] }), version });

test("what is wanted and reported goes through", () => {
  const routes = [routeAt(1)];
  target.want(routes);
  report({ lingering: 2 });
  expect(wanted).toBe(routes);
  expect(heard).toMatchObject([{ lingering: 2 }]);
});

test("the time until a change is served is measured once, from the first of those that became one", async () => {
  target.want([routeAt(1)]);
  clock.t = 100;
  target.want([routeAt(2)]);
  clock.t = 200;
  report({ services: served(1) });
  expect(await value('sluice_apply_seconds_count{target="edge"}')).toBe(0);
  clock.t = 300;
  report({ services: served(2) });
  clock.t = 900;
  report({ services: served(2), lingering: 1 });
  target.want([routeAt(2)]);
  expect(await value('sluice_apply_seconds_count{target="edge"}')).toBe(1);
  expect(await value('sluice_apply_seconds_sum{target="edge"}')).toBeCloseTo(0.3);
});

test("a refusal counts once for each change, and shows while it stands", async () => {
  const refused = { version: 3, text: "host not found" };
  report({ services: served(2, refused) });
  report({ services: served(2, refused), lingering: 1 });
  expect(await value('sluice_refusals_total{target="edge"}')).toBe(1);
  expect(await value('sluice_target_refused_services{target="edge"}')).toBe(1);
  report({ services: served(4) });
  expect(await value('sluice_target_refused_services{target="edge"}')).toBe(0);
});

test("a target that has not reported is blocked, as is one that says so", async () => {
  expect(await value('sluice_target_blocked{target="edge"}')).toBe(1);
  report({ generation: "12-abcd", lingering: 3 });
  expect(await value('sluice_target_blocked{target="edge"}')).toBe(0);
  expect(await value('sluice_target_generation{target="edge"}')).toBe(12);
  expect(await value('sluice_target_lingering_generations{target="edge"}')).toBe(3);
  report({ blocked: "nginx refuses its configuration" });
  expect(await value('sluice_target_blocked{target="edge"}')).toBe(1);
});

test("reloads are counted by how they ended, and only those that were proved have a time", async () => {
  instruments.targets.reloaded("edge", { is: "proved", tookMs: 250 });
  instruments.targets.reloaded("edge", { is: "undone" });
  expect(await value('sluice_reloads_total{target="edge",result="proved"}')).toBe(1);
  expect(await value('sluice_reloads_total{target="edge",result="undone"}')).toBe(1);
  expect(await value('sluice_reloads_total{target="edge",result="broken"}')).toBe(0);
  expect(await value('sluice_reload_seconds_sum{target="edge"}')).toBe(0.25);
});
