import * as z from "zod";
import { formatAddress, parseAddress } from "../address.ts";
import { DEFAULTS } from "../defaults.ts";
import { block, choice, duration, line, must, named, orNull, path, period, text } from "./fields.ts";

const COMMAND = "a list of a program and its arguments, such as [docker, exec, edge, nginx, -s, reload]";
const argv = (description: string, allowed: string) =>
  z
    .array(line("A program, or one argument for it.", "a text on one line"), must(allowed))
    .min(1, must(allowed))
    .describe(description);

const TEST = `${COMMAND}, or none where no nginx of the same build is at hand`;

/** `host:port`, or `unix:PATH`, whose path is made whole with those of the other files. */
function parseStatus(input: string): string | undefined {
  if (/^unix:[\x21-\x7e]{1,100}$/.test(input)) return input;
  const parsed = parseAddress(input);
  return parsed === undefined || parsed.port === 0 ? undefined : formatAddress(parsed);
}

/** One nginx. Where it says `reload`, that command drives it; else the binary and the pid do. */
export const target = block("an nginx target", "One nginx that Sluice drives.", {
  binary: z.optional(line("The nginx program, for the test of a configuration.", "the name or the path of a program")),
  config: z.optional(path("The main configuration file, for the test, and to find nginx's error log.")),
  pid: z.optional(path("The file that holds the pid of nginx's master.")),
  include: path("The folder that Sluice writes nginx's files to.").prefault(DEFAULTS.nginx.include),
  tables: path("The folder of the live tables; nginx's workers must be able to read it.").prefault(DEFAULTS.nginx.tables),
  status: text<string>(
    "Where nginx answers which generation it serves: a loopback address that is free, or `unix:PATH`.",
    "host:port or unix:PATH, such as 127.0.0.1:7071 or unix:/var/lib/sluice/nginx/status.sock",
    parseStatus,
  ).prefault(DEFAULTS.nginx.status),
  test: z.optional(
    z
      .union([argv("A program and its arguments.", TEST), choice("No test.", ["none"])], must(TEST))
      .describe(
        "The command that tests the configuration, or `none` where no nginx of the same build is at hand; without `reload`, nginx is then signalled by its `pid`.",
      ),
  ),
  reload: z.optional(argv("The command that reloads nginx, run without a shell.", COMMAND)),
  closing: duration("How long keep-alive clients are asked to reconnect before a reload; 0s for not at all.").prefault(
    DEFAULTS.nginx.closing,
  ),
  deadline: period("How long nginx may take to prove that it serves a new generation.").prefault(DEFAULTS.nginx.deadline),
}).transform((raw, context) => {
  const { include, tables, status, closing, deadline } = raw;
  const drive = driveOf(raw);
  if (typeof drive === "string") {
    context.addIssue({ code: "custom", message: drive, input: {}, path: ["test"] });
    return z.NEVER;
  }
  return { drive, include, tables, status, closingMs: closing, deadlineMs: deadline };
});

type Drive =
  | { by: "local"; binary: string; config: string; pid: string }
  | { by: "signal"; config: string | null; pid: string }
  | { by: "command"; test: string[] | null; reload: string[]; pid: string | null };

type Driven = {
  binary?: string | undefined;
  config?: string | undefined;
  pid?: string | undefined;
  test?: string[] | "none" | undefined;
  reload?: string[] | undefined;
};

function driveOf({ binary, config, pid, test, reload }: Driven): Drive | string {
  const { nginx } = DEFAULTS;
  if (reload === undefined) {
    if (test === "none") return { by: "signal", config: config ?? null, pid: pid ?? nginx.pid };
    if (test !== undefined) return "has no effect without reload; give both, or neither to test with binary and config";
    return { by: "local", binary: binary ?? nginx.binary, config: config ?? nginx.config, pid: pid ?? nginx.pid };
  }
  if (test === undefined) return `is missing beside reload; it must be ${TEST}`;
  return { by: "command", test: test === "none" ? null : test, reload, pid: pid ?? null };
}

/** True where `nginx:` is a map of named blocks: every value in it is a block, which no key of a single block has. */
export function isNamed(raw: unknown): raw is Record<string, unknown> {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return false;
  const values = Object.values(raw);
  return values.length > 0 && values.every((value) => typeof value === "object" && value !== null && !Array.isArray(value));
}

/** Several targets, by name. */
export const targets = named("The name of a target.", target, "a block of named nginx targets");

/** Either of the two, for editors; a file is read with the one that it means, so that messages are about that one. */
export const nginx = z
  .union([target, targets])
  .describe("The nginx that Sluice drives (it is then called `local`), or a block of several, by name.");

/** Templates folder: null renders with the built-in ones. */
export const templates = orNull(path("A folder of *.hbs files that replace built-in templates of the same name."));
