import type { Service } from "../config.ts";
import { formatDuration } from "../duration.ts";
import { hookRules } from "./hook.ts";
import { metricRules } from "./metric.ts";
import { rollingRules } from "./rolling.ts";
import { type Judgement, problem, type Subject } from "./rule.ts";

/** Settings of a service that exclude each other. */
export function* serviceRules(subject: Subject): Iterable<Judgement> {
  const { settings, written } = subject;
  for (const service of Object.values(settings.services)) {
    const base = ["services", service.name];
    if (service.routing === "weighted") {
      for (const path of [["key"], ["overrides"], ["blueGreen", "preview"]]) {
        if (written([...base, ...path]) !== undefined)
          yield problem([...base, ...path], "needs routing: live; weighted upstreams cannot tell clients apart", "key");
      }
    }
    yield* previewRules(service);
    yield* healthRules(service, written);
    yield* metricRules(service, subject);
    yield* hookRules(service, subject);
    yield* rollingRules(service, subject);
  }
}

/** nginx is told of one header per service, so the preview and the overrides must agree on it. */
function* previewRules({ name, overrides, blueGreen }: Service): Iterable<Judgement> {
  const { header } = overrides;
  const preview = blueGreen.preview?.header;
  if (header === null || preview === undefined || header.toLowerCase() === preview.toLowerCase()) return;
  yield problem(
    ["services", name, "blueGreen", "preview", "header"],
    `"${preview}" is not the header of overrides; it must be ${header}`,
  );
}

function* healthRules({ name, health }: Service, written: Subject["written"]): Iterable<Judgement> {
  const base = ["services", name, "health"];
  if (health.path === null) {
    for (const what of ["status", "body", "host"]) {
      if (written([...base, what]) !== undefined)
        yield problem([...base, what], "has no effect without path; give a path, or remove it", "key");
    }
  }
  if (health.timeoutMs > health.intervalMs)
    yield problem([...base, "timeout"], longer("timeout", health.timeoutMs, "interval", health.intervalMs));
  const leastMs = health.intervalMs * (health.passes - 1);
  if (health.deadlineMs < leastMs) {
    const message = `${formatDuration(health.deadlineMs)} is too short for ${health.passes} passes every ${formatDuration(health.intervalMs)}; it must be at least ${formatDuration(leastMs)}`;
    yield problem([...base, "deadline"], message);
  }
}

function longer(what: string, ms: number, than: string, thanMs: number): string {
  return `the ${what} of ${formatDuration(ms)} is longer than the ${than} of ${formatDuration(thanMs)}; it must be at most ${formatDuration(thanMs)}`;
}
