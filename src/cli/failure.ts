import { ConfigError, type Problem } from "../config/errors.ts";
import { Refusal, StoreError } from "../core/errors.ts";
import { EXIT, type ExitCode } from "./exit.ts";

/** An error that the CLI found itself, or that the API answered: what, why in the message, and the next thing to try. */
export class Failure extends Error {
  readonly exit: ExitCode;
  /** The `code` of the problem document, or null where the CLI found it itself. */
  readonly code: string | null;
  readonly hint: string | null;
  /** The status of the API's answer, or null where there was none. */
  readonly status: number | null;
  constructor(exit: ExitCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.exit = exit;
    this.code = options.code ?? null;
    this.hint = options.hint ?? null;
    this.status = options.status ?? null;
  }
}

type FailureOptions = { hint?: string | null; code?: string | null; status?: number | null; cause?: unknown };

/** Nothing listens at the address: the request was never taken, so the same may be done without a controller. */
export class NobodyThere extends Failure {}

/** True where trying again may help: nothing answered, or the answer was that it cannot answer now. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Failure)) return false;
  return error.status === null ? error.exit === EXIT.unreachable : error.status >= 500;
}

/** An error in the words of the CLI. */
export type Explained = {
  readonly exit: ExitCode;
  readonly what: string;
  readonly hint: string | null;
  readonly code: string | null;
  /** The places in the configuration that are wrong, where that is the cause. */
  readonly problems: readonly Problem[];
  /** The text that the problems point into. */
  readonly text: string;
};

/** Maps every error that can reach the edge; what is not known is unexpected, exit 1. */
export function explain(error: unknown): Explained {
  const rest = { problems: [], text: "" };
  if (error instanceof Failure) return { ...rest, exit: error.exit, what: error.message, hint: error.hint, code: error.code };
  if (error instanceof Refusal) {
    return { ...rest, exit: exitOfCode(error.code, 409), what: error.message, hint: error.hint, code: error.code };
  }
  if (error instanceof StoreError) return { ...rest, ...ofStore(error) };
  if (error instanceof ConfigError) return ofConfig(error);
  const what = error instanceof Error ? error.message : String(error);
  return { ...rest, exit: EXIT.unexpected, what, hint: null, code: null };
}

/** The exit code of a problem document, by its code and then its status. */
export function exitOfCode(code: string | null, status: number): ExitCode {
  switch (code) {
    case "unknown-service":
    case "unknown-pool":
    case "unknown-rollout":
    case "invalid":
      return EXIT.usage;
    case "store-locked":
      return EXIT.conflict;
    case "invalid-configuration":
    case "configuration-refused":
      return EXIT.configuration;
    default:
      return exitOfStatus(status);
  }
}

function exitOfStatus(status: number): ExitCode {
  switch (status) {
    case 400:
    case 404:
    case 422:
      return EXIT.usage;
    case 401:
    case 403:
    case 421:
    case 429:
      return EXIT.unreachable;
    case 409:
    case 412:
    case 428:
      return EXIT.conflict;
    default:
      return EXIT.unexpected;
  }
}

function ofStore(error: StoreError): Pick<Explained, "exit" | "what" | "hint" | "code"> {
  const exit = error.code === "locked" ? EXIT.conflict : EXIT.unexpected;
  return { exit, what: error.message, hint: HINTS[error.code] ?? null, code: `store-${error.code}` };
}

const HINTS: Readonly<Record<string, string>> = {
  locked: "another process drives this state: name its address with --url, or stop it and try again",
  full: "make room where the state folder lies, then try again; traffic stays where it is",
};

function ofConfig(error: ConfigError): Explained {
  const places = error.problems.length === 1 ? "one problem" : `${error.problems.length} problems`;
  return {
    exit: EXIT.configuration,
    what: `the configuration cannot be used: ${places}`,
    hint: null,
    code: "invalid-configuration",
    problems: error.problems,
    text: error.text,
  };
}
