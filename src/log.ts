import { type DestinationStream, pino } from "pino";
import type { Log } from "./core/ports.ts";

export type LogOptions = { readonly level: "debug" | "info" | "warn" | "error"; readonly form: "json" | "text" };

/** What no line may hold, wherever in the fields it stands. */
const SECRETS = ["token", "authorization", "password", "secret", "cookie"];
const REDACT = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** One line per thing that happened: JSON for programs, text for a terminal. */
export function openLog(stream: { write(text: string): unknown }, { level, form }: LogOptions): Log {
  const destination: DestinationStream = {
    write: (text) => {
      stream.write(form === "json" ? text : readable(text));
    },
  };
  const logger = pino(
    {
      level,
      base: null,
      messageKey: "text",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACT, censor: "[redacted]" },
    },
    destination,
  );
  return {
    debug: (text, fields = {}) => logger.debug(fields, text),
    info: (text, fields = {}) => logger.info(fields, text),
    warn: (text, fields = {}) => logger.warn(fields, text),
    error: (text, fields = {}) => logger.error(fields, text),
  };
}

/** `03:09:25 info  listening address=http://127.0.0.1:7070`, in UTC, of one line of JSON. */
function readable(json: string): string {
  const { level, time, text, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const details = Object.entries(fields).map(
    ([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(text)}${details.join("")}\n`;
}
