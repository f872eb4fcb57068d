import type { Notice, Notifier } from "../core/notify.ts";
import type { HookEnd, Notify } from "../core/ports.ts";
import { never } from "../core/units.ts";
import { Confidence, Unaskable } from "../secrets/confidence.ts";
import { type Delivery, deliver } from "./delivery.ts";
import { fillIn, type Values } from "./placeholders.ts";
import { type Program, runProgram } from "./program.ts";
import { baseOf, type RunnerOptions, revealed } from "./runner.ts";
import { UnderWay } from "./under-way.ts";

export type Notifications = AsyncDisposable & { readonly notify: Notify };

/** Tells people of rollouts; disposing waits until what was ended is gone. */
export function openNotify(options: RunnerOptions): Notifications {
  const underWay = new UnderWay();
  return {
    notify: (notifier, notice, signal) => underWay.wait(tell(notifier, notice, options, signal)),
    [Symbol.asyncDispose]: () => underWay.over(),
  };
}

async function tell(notifier: Notifier, notice: Notice, options: RunnerOptions, signal: AbortSignal): Promise<HookEnd> {
  const confidence = new Confidence(options.fill);
  try {
    switch (notifier.to) {
      case "webhook":
        return await deliver(await webhookOf(notifier, notice, confidence), confidence, options.times, signal);
      case "slack":
        return await deliver(await slackOf(notifier, notice, confidence), confidence, options.times, signal);
      case "command": {
        const program = await programOf(notifier, notice, confidence, baseOf(options.inherited));
        return await runProgram(program, async () => {}, signal);
      }
      default:
        return never(notifier);
    }
  } catch (error) {
    if (!(error instanceof Unaskable)) throw error;
    return { ok: false, text: confidence.shown(error.message), output: "" };
  }
}

/** A rollout without a version is told of all the same. */
function valuesOf({ occasion, event, rollout, to, version, step }: Notice): Values {
  const { service, text } = event;
  return { event: occasion, text, rollout, service, pool: to, version: version ?? "", step: step ?? "" };
}

async function webhookOf(notifier: Notifier & { to: "webhook" }, notice: Notice, confidence: Confidence): Promise<Delivery> {
  const { id, occasion, event, rollout, strategy, version, from, to, step } = notice;
  const { seq, at, service, kind, actor, text } = event;
  const { secret, ca, timeoutMs, deadlineMs } = notifier;
  return {
    url: await confidence.secret(notifier.url),
    headers: { ...(await revealed(notifier.headers, valuesOf(notice), confidence)), "idempotency-key": id },
    json: { id, seq, at, event: occasion, service, rollout, strategy, version, from, to, step, kind, actor, text },
    secret,
    ca,
    timeoutMs,
    deadlineMs,
  };
}

async function slackOf(notifier: Notifier & { to: "slack" }, notice: Notice, confidence: Confidence): Promise<Delivery> {
  const { ca, timeoutMs, deadlineMs } = notifier;
  return {
    url: await confidence.secret(notifier.url),
    headers: {},
    json: { text: slackText(notice) },
    secret: null,
    ca,
    timeoutMs,
    deadlineMs,
  };
}

/** `*web* held: errors has no data (web-12, 1.2.3)`. Slack reads `&`, `<` and `>` as the beginning of something else. */
function slackText({ occasion, event, rollout, version }: Notice): string {
  const about = version === null ? rollout : `${rollout}, ${version}`;
  const plain = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `*${plain(event.service)}* ${occasion}: ${plain(event.text)} (${plain(about)})`;
}

async function programOf(
  notifier: Notifier & { to: "command" },
  notice: Notice,
  confidence: Confidence,
  base: Readonly<Record<string, string>>,
): Promise<Program> {
  const values = valuesOf(notice);
  return {
    argv: notifier.command.map((one) => fillIn(confidence.text(one), values)),
    env: { ...base, ...(await revealed(notifier.env, values, confidence)), ...variablesOf(notice) },
    deadlineMs: notifier.deadlineMs,
    confidence,
  };
}

function variablesOf({
  id,
  occasion,
  event,
  rollout,
  strategy,
  version,
  from,
  to,
  step,
}: Notice): Readonly<Record<string, string>> {
  return {
    SLUICE_EVENT: occasion,
    SLUICE_TEXT: event.text,
    SLUICE_SEQ: String(event.seq),
    SLUICE_KEY: id,
    SLUICE_SERVICE: event.service,
    SLUICE_ROLLOUT: rollout,
    SLUICE_STRATEGY: strategy,
    SLUICE_FROM: from,
    SLUICE_POOL: to,
    SLUICE_VERSION: version ?? "",
    SLUICE_STEP: step ?? "",
  };
}
