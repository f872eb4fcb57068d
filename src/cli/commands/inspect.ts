import { Option } from "commander";
import type { Inspected } from "../../app.ts";
import { durationOption, type Group, type Run } from "../command.ts";
import { type Context, say, tell } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { Failure } from "../failure.ts";
import { changeLines, familyLines, jsonNumber, problemLines, seriesLines } from "../format/page.ts";

type Options = {
  readonly interval?: number;
  readonly timeout: number;
  readonly format?: "text" | "openmetrics";
  readonly series?: boolean;
};
type Read = Extract<Inspected, { ok: true }>;

/** A page is read into memory whole, as the source `scrape` does. */
const MOST_BYTES = 10_000_000;

/** `inspect`: what Sluice reads from a metrics page; needs no controller and no configuration. */
export const inspectCommands: Group = (program, bind) => {
  program
    .command("inspect")
    .argument("<url>", "address of a metrics page, such as http://127.0.0.1:9100/metrics; - for stdin")
    .description("show what is read from a metrics page; exit 6 where it is not valid")
    .addOption(durationOption("--interval <time>", "read it a second time after this, and show what changed"))
    .addOption(durationOption("--timeout <time>", "a read that takes longer has failed").default(10_000, "10s"))
    .addOption(new Option("--format <format>", "read it as this, whatever it says it is").choices(["text", "openmetrics"]))
    .option("--series", "show every series, not only the families")
    .action(bind(inspectPage));
};

const inspectPage: Run<Options> = async (context, [address = "-"], options) => {
  const { inspect } = await import("../../app.ts");
  const stdin = address === "-";
  if (stdin && options.interval !== undefined)
    throw new Failure(EXIT.usage, "--interval needs an address: stdin can be read once only");
  const inspected = await inspect(stdin ? { body: await readAll(context) } : { url: urlOf(address) }, {
    format: options.format ?? null,
    intervalMs: options.interval ?? null,
    timeoutMs: options.timeout,
  });
  const place = stdin ? "stdin" : address;
  if (!inspected.ok) throw new Failure(inspected.content ? EXIT.configuration : EXIT.unreachable, `${place} ${inspected.reason}`);
  return show(context, place, inspected, options);
};

async function show(context: Context, place: string, read: Read, options: Options): Promise<ExitCode> {
  const { page, change, text } = read;
  await tell(context, {
    json: { ...asJson(read), ...(options.interval === undefined ? {} : { intervalMs: options.interval }) },
    names: page.families.map(({ name }) => name),
    lines: () => [
      ...familyLines(page.families, context.out),
      ...(options.series === true ? seriesLines(page.families, context.out) : []),
      ...(change === null ? [] : changeLines(change, context.out)),
    ],
  });
  for (const problem of page.problems) for (const line of problemLines(place, text, problem, context.err)) say(context, line);
  return page.problems.some(({ level }) => level === "error") ? EXIT.configuration : EXIT.reached;
}

function asJson({ page, change }: Read) {
  const families = page.families.map(({ name, type, help, series }) => ({
    name,
    type,
    help,
    series: series.map((one) => ({
      name: one.name,
      labels: one.labels,
      value: jsonNumber(one.value),
      timestamp: one.timestamp,
    })),
  }));
  if (change === null) return { families, problems: page.problems };
  const deltas = change.deltas.map((one) => ({ ...one, delta: jsonNumber(one.delta) }));
  const quantiles = change.quantiles.map((one) => ({
    ...one,
    quantiles: one.quantiles.map((each) => ({ ...each, value: jsonNumber(each.value) })),
  }));
  return { families, problems: page.problems, deltas, quantiles };
}

/** A bare `host:port` means its `/metrics`. */
function urlOf(address: string): URL {
  const bare = /^[^/:]+:\d+$|^\[[0-9a-fA-F:]+\]:\d+$/.test(address);
  const url = URL.parse(bare ? `http://${address}/metrics` : address);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    const hint = "write an address such as http://127.0.0.1:9100/metrics, or - for stdin";
    throw new Failure(EXIT.usage, `${address} is no address of a metrics page`, { hint });
  }
  if (url.username !== "" || url.password !== "") throw new Failure(EXIT.usage, "an address with a password in it is not taken");
  return url;
}

async function readAll({ io }: Context): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of io.stdin) {
    const buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += buffer.length;
    if (bytes > MOST_BYTES) throw new Failure(EXIT.configuration, `stdin holds more than ${MOST_BYTES / 1e6} MB`);
    chunks.push(buffer);
  }
  return Buffer.concat(chunks, bytes);
}
