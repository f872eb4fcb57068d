import type { Hook } from "../core/hook.ts";
import type { HookCall, HookEnd, HookRunner } from "../core/ports.ts";
import type { Secret } from "../core/secret.ts";
import { Confidence, type Fill, Unaskable } from "../secrets/confidence.ts";
import { deliver } from "./delivery.ts";
import { endLeftOver } from "./left-over.ts";
import { fillIn, type Values, valuesOf } from "./placeholders.ts";
import { GRACE_MS, runProgram } from "./program.ts";
import type { Times } from "./times.ts";
import { UnderWay } from "./under-way.ts";

export type RunnerOptions = {
  readonly fill: Fill;
  /** The environment to take `PATH` and the like from. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly times: Times;
};

/** What a program gets of Sluice's own environment, which may hold secrets that are none of its business. */
const INHERITED = ["PATH", "HOME", "LANG", "TZ"];

/** Runs hooks; disposing waits until what was ended is gone. */
export function createHookRunner({ fill, inherited, times }: RunnerOptions): HookRunner & AsyncDisposable {
  const base = baseOf(inherited);
  const underWay = new UnderWay();
  const run = async (call: HookCall, started: (pid: number) => Promise<void>, signal: AbortSignal): Promise<HookEnd> => {
    const confidence = new Confidence(fill);
    try {
      const { hook } = call;
      if (hook.do === "post") return await deliver(await deliveryOf(call, hook, confidence), confidence, times, signal);
      const program = await programOf(call, hook, confidence, base);
      return await runProgram(program, started, signal);
    } catch (error) {
      if (!(error instanceof Unaskable)) throw error;
      return { ok: false, text: confidence.shown(error.message), output: "" };
    }
  };
  return {
    run: (call, started, signal) => underWay.wait(run(call, started, signal)),
    endLeftOver: (key, pid) => endLeftOver(key, pid, GRACE_MS),
    [Symbol.asyncDispose]: () => underWay.over(),
  };
}

/** The part of an environment that programs get. */
export function baseOf(inherited: RunnerOptions["inherited"]): Readonly<Record<string, string>> {
  return Object.fromEntries(INHERITED.flatMap((name) => (inherited[name] === undefined ? [] : [[name, inherited[name]]])));
}

async function programOf(
  call: HookCall,
  hook: Hook & { do: "command" },
  confidence: Confidence,
  base: Readonly<Record<string, string>>,
) {
  const values = valuesOf(call);
  return {
    argv: hook.command.map((one) => fillIn(confidence.text(one), values)),
    env: { ...base, ...(await revealed(hook.env, values, confidence)), ...variablesOf(call) },
    deadlineMs: hook.deadlineMs,
    confidence,
  };
}

/** Secrets by name, with the placeholders in them filled in. */
export async function revealed(
  secrets: Readonly<Record<string, Secret>>,
  values: Values,
  confidence: Confidence,
): Promise<Readonly<Record<string, string>>> {
  const texts = Object.entries(secrets).map(
    async ([name, secret]) => [name, fillIn(await confidence.secret(secret), values)] as const,
  );
  return Object.fromEntries(await Promise.all(texts));
}

/** What a program is told without being asked; empty where there is nothing to tell. */
function variablesOf(call: HookCall): Readonly<Record<string, string>> {
  return {
    SLUICE_POINT: call.point,
    SLUICE_KEY: call.key,
    SLUICE_SERVICE: call.service,
    SLUICE_ROLLOUT: call.rollout,
    SLUICE_STRATEGY: call.strategy,
    SLUICE_FROM: call.from,
    SLUICE_POOL: call.pool,
    SLUICE_MEMBER: call.member ?? "",
    SLUICE_VERSION: call.version ?? "",
    SLUICE_STEP: call.step,
    SLUICE_SHARES: JSON.stringify(call.shares),
  };
}

async function deliveryOf(call: HookCall, hook: Hook & { do: "post" }, confidence: Confidence) {
  const values = valuesOf(call);
  const { rollout, service, strategy, point, step, shares, from, pool, member, version, key } = call;
  return {
    url: fillIn(confidence.text(hook.url), values, encodeURIComponent),
    headers: { ...(await revealed(hook.headers, values, confidence)), "idempotency-key": key },
    json: { rollout, service, strategy, point, step, shares, from, to: pool, member, version, key },
    secret: hook.secret,
    ca: hook.ca,
    timeoutMs: hook.timeoutMs,
    deadlineMs: hook.deadlineMs,
  };
}
