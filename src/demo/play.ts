import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "../cli/exit.ts";
import type { Look } from "../cli/look.ts";
import { outcomeOf } from "../cli/outcome.ts";
import { waitFor } from "../cli/wait.ts";
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
const READ_MS = 3_000;
const SEE_MS = 1_500;
/** No rollout of the story takes nearly as long. */
const LIMIT_MS = 60_000;

/** Plays one scene: says what will happen, sends the command, follows the rollout to its end. */
export async function play(scene: Scene, options: PlayOptions): Promise<Ending> {
  const { stack, stage, interrupted, mono, pace } = options;
  stage.begin(scene, await stack.session.service(SERVICE));
  const candidate = stack.pools[scene.to];
  for (const server of candidate) if (server.version !== scene.version) server.deploy(scene.version);
  await pause(READ_MS * pace, interrupted);
  const { lost } = stack.tally;
  const sentMs = mono();
  const started = interrupted.aborted ? null : await scene.start(stack.session);
  const onLook = (look: Look) => {
    stage.show(look);
    if (scene.breaksAtBp !== null && appliedBp(look, scene) >= scene.breaksAtBp) {
      for (const server of candidate) server.breakDown(BROKEN_RATIO);
    }
  };
  const waited =
    started?.is === "started"
      ? await waitFor(stack.session, {
          service: SERVICE,
          rollout: started.rollout.id,
          until: (rollout) => outcomeOf(rollout, scene.goal),
          timeoutMs: LIMIT_MS,
          interrupted,
          progress: { show: onLook, trouble: (reason) => stage.trouble(reason), close: () => {} },
          mono,
        })
      : null;
  const tookMs = mono() - sentMs;
  await pause(SEE_MS * pace, interrupted);
  const { tally } = stack;
  const ending = {
    scene,
    good: waited?.exit === EXIT.reached,
    rollout: waited?.rollout ?? null,
    tookMs,
    switchedMs: tally.lingeredMs(scene.before, sentMs),
    exposedMs: tally.exposedMs(scene.version),
    failed: tally.versions().find(({ version }) => version === scene.version)?.failed ?? 0,
    lost: tally.lost - lost,
  };
  if (!interrupted.aborted) stage.end(ending);
  return ending;
}

function appliedBp({ service }: Look, scene: Scene): number {
  return service.applied.shares?.[scene.to] ?? 0;
}

export async function pause(ms: Ms, interrupted: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: interrupted }).catch(() => undefined);
}
