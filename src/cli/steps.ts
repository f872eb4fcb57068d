import { parseDuration } from "../config/duration.ts";
import { EXIT } from "./exit.ts";
import { Failure } from "./failure.ts";

/** A canary step as the configuration and the API write it. */
export type WireStep = Readonly<Record<string, string>>;

const SHARE = /^\d+(\.\d+)?%$/;

/** `5%:5m,25%:evidence,50%:approved,ramp:100%:10m` as the API takes it: each step has one action; `25%:evidence:1m` lasts 1m at least. */
export function parseSteps(text: string): WireStep[] {
  return text.split(",").map((part) => parseStep(part.trim()));
}

function parseStep(text: string): WireStep {
  const parts = text.split(":");
  const ramp = parts[0] === "ramp";
  const [share = "", until = "", least, ...rest] = ramp ? parts.slice(1) : parts;
  const evidence = !ramp && until === "evidence";
  if (!SHARE.test(share) || rest.length > 0 || (least !== undefined && !evidence)) throw badStep(text);
  if (evidence && least === undefined) return { share, until };
  if (evidence && parseDuration(least ?? "") !== undefined) return { share, until, for: least ?? "" };
  if (!ramp && until === "approved") return { share, until };
  if (parseDuration(until) === undefined) throw badStep(text);
  return ramp ? { ramp: share, over: until } : { share, for: until };
}

function badStep(text: string): Failure {
  return new Failure(EXIT.usage, `"${text}" is no step of a canary`, {
    hint: 'write steps as "5%:5m,25%:evidence,50%:approved,ramp:100%:10m"',
  });
}
