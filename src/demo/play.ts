import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "../cli/exit.ts";
import type { Look } from "../cli/look.ts";
import { outcomeOf } from "../cli/outcome.ts";
import { type Waited, waitFor } from "../cli/wait.ts";
import type { Ms } from "../core/units.ts";
import { BROKEN_RATIO } from "./app-server.ts";
import type { Ending } from "./ending.ts";
import type { Scene } from "./scenes.ts";
import { SERVICE, type Stack } from "./stack.ts";
import type { Stage } from "./stage.ts";

export type PlayOptions = {
  readonly stack: Stack;
  readonly stage: Stage;
  readonly interrupted: AbortSignal;
  readonly mono: () => Ms;
  readonly pace: number;
};

/** Time to read what will happen, and to see how it ended. */
const READ_MS = 3_500;
const SEE_MS = 2_000;
/** Time to see the step at which a bad version breaks, before it does. */
const BREAK_MS = 1_500;
/** No rollout of the story takes nearly as long. */
const LIMIT_MS = 60_000;

/** Plays one scene: says what will happen, sends the command, follows the rollout to its end. */
export async function play(scene: Scene, options: PlayOptions): Promise<Ending> {
  const { stack, stage, interrupted, mono, pace } = options;
  const { tally } = stack;
  stage.begin(scene, await stack.session.service(SERVICE));
  for (const server of stack.pools[scene.to]) if (server.version !== scene.version) server.deploy(scene.version);
  await pause(READ_MS * pace, interrupted);
  const { lost } = tally;
  const sentMs = mono();
  tally.mark(sentMs);
  const waited = interrupted.aborted ? null : await followed(scene, options);
  const tookMs = mono() - sentMs;
  await pause(SEE_MS * pace, interrupted);
  const [left, right] = scene.goal === "promoted" ? [scene.before, scene.version] : [scene.version, scene.before];
  const ending = {
    scene,
    good: waited?.exit === EXIT.reached,
    rollout: waited?.rollout ?? null,
    tookMs,
    turnedMs: tally.turnedMs(left, right),
    failed: tally.versions().find(({ version }) => version === scene.version)?.failed ?? 0,
    lost: tally.lost - lost,
  };
  if (!interrupted.aborted) stage.end(ending);
  return ending;
}

/** Sends the command, and waits for the end of what it started; null where it started nothing. */
async function followed(scene: Scene, { stack, stage, interrupted, mono, pace }: PlayOptions): Promise<Waited | null> {
  const started = await scene.start(stack.session);
  if (started.is !== "started") return null;
  const over = new AbortController();
  let breaking: Promise<void> | null = null;
  const show = (look: Look) => {
    stage.show(look);
    const share = look.service.applied.shares?.[scene.to] ?? 0;
    if (scene.breaksAtBp === null || share < scene.breaksAtBp) return;
    breaking ??= breakSoon(scene, stack, mono, pause(BREAK_MS * pace, over.signal));
  };
  try {
    return await waitFor(stack.session, {
      service: SERVICE,
      rollout: started.rollout.id,
      until: (rollout) => outcomeOf(rollout, scene.goal),
      timeoutMs: LIMIT_MS,
      interrupted,
      progress: { show, trouble: (reason) => stage.trouble(reason), close: () => {} },
      mono,
    });
  } finally {
    over.abort();
    await breaking;
  }
}

/** What is measured of a bad version counts from here. */
async function breakSoon(scene: Scene, { pools, tally }: Stack, mono: () => Ms, soon: Promise<void>): Promise<void> {
  await soon;
  tally.mark(mono());
  for (const server of pools[scene.to]) server.breakDown(BROKEN_RATIO);
}

export async function pause(ms: Ms, interrupted: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: interrupted }).catch(() => undefined);
}
