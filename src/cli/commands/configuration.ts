import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Finding } from "../../app.ts";
import { needConfig } from "../address.ts";
import type { Group, Run } from "../command.ts";
import { type Context, say, tell } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { Failure } from "../failure.ts";
import { findingLines } from "../format/finding.ts";
import { line } from "../io.ts";

/** `init`, `check`, `schema`, `render`: everything about files, none of it needs a controller. */
export const configurationCommands: Group = (program, bind) => {
  program
    .command("init")
    .argument("[file]", "where to write it", "sluice.yaml")
    .description("write a commented configuration to start from")
    .option("--nginx <file>", "an nginx.conf to look at: proposes its upstreams, and shows the lines to add to it")
    .option("--force", "write over a file that is there")
    .action(bind(init));
  program
    .command("check")
    .description("look for everything that is wrong with the configuration; exit 6 where something is")
    .option("--nginx", "look at the configuration of nginx too")
    .action(bind(check));
  program.command("schema").description("print the JSON Schema of the configuration, for editors").action(bind(schema));
  program
    .command("render")
    .description("print the files for nginx as they would be now")
    .option("--diff", "only how they differ from what is there")
    .option("--write", "write them, so that nginx can start before Sluice does")
    .action(bind(render));
};

const init: Run<{ nginx?: string; force?: boolean }> = async (context, [file = "sluice.yaml"], options) => {
  const { starter } = await import("../../app.ts");
  const nginx = options.nginx === undefined ? null : resolve(context.io.cwd, options.nginx);
  if (nginx !== null) await mustRead(nginx);
  const { yaml, lines, note } = await starter({ nginx });
  const path = resolve(context.io.cwd, file);
  await writeFile(path, yaml, { flag: options.force === true ? "w" : "wx" }).catch((error: unknown) => {
    throw cannotWrite(file, dirname(path), error);
  });
  await tell(context, { json: { file, lines }, names: [file], lines: () => (lines === "" ? [] : lines.trimEnd().split("\n")) });
  if (note !== null) say(context, note);
  say(context, `wrote ${file}; look it over, then: sluice check${file === "sluice.yaml" ? "" : ` --config ${file}`}`);
  return EXIT.reached;
};

async function mustRead(file: string): Promise<void> {
  await readFile(file).catch((error: unknown) => {
    throw new Failure(EXIT.configuration, `cannot read ${file}: ${codeOf(error)}`, {
      hint: "name the main nginx.conf (`nginx -V` says where it is), or leave --nginx out for an example",
      cause: error,
    });
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function cannotWrite(file: string, folder: string, error: unknown): Failure {
  const code = codeOf(error);
  if (code === "ENOENT")
    return new Failure(EXIT.usage, `cannot write ${file}: there is no folder ${folder}`, {
      hint: `mkdir -p ${folder}`,
      cause: error,
    });
  return code === "EEXIST"
    ? new Failure(EXIT.usage, `${file} is there already`, { hint: "write over it with --force, or give another name" })
    : new Failure(EXIT.unexpected, `cannot write ${file}: ${code}`, { cause: error });
}

const check: Run<{ nginx?: boolean }> = async (context, _args, options) => {
  const { checkConfig } = await import("../../app.ts");
  const config = await needConfig(context.flags, context.io.env, context.io.cwd);
  const findings = await checkConfig({ config, env: context.io.env, nginx: options.nginx === true });
  const texts = await textsOf(findings);
  const lines = () => findings.flatMap((finding) => findingLines(finding, texts.get(finding.file) ?? "", context.out));
  await tell(context, { json: findings, names: findings.map((finding) => finding.code), lines });
  return judged(context, config, findings);
};

function judged(context: Context, config: string, findings: readonly Finding[]): ExitCode {
  const count = (severity: Finding["severity"]) => findings.filter((finding) => finding.severity === severity).length;
  const errors = count("error");
  const warnings = count("warning");
  say(
    context,
    findings.length === 0
      ? `${config}: nothing is wrong`
      : `${config}: ${plural(errors, "error")}, ${plural(warnings, "warning")}`,
  );
  return errors > 0 ? EXIT.configuration : EXIT.reached;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** The files that findings point into; one that cannot be read has no excerpt. */
async function textsOf(findings: readonly Finding[]): Promise<ReadonlyMap<string, string>> {
  const files = [...new Set(findings.map((finding) => finding.file))];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  return new Map(files.map((file, index) => [file, texts[index] ?? ""]));
}

const schema: Run<object> = async (context) => {
  const { configSchema } = await import("../../app.ts");
  line(context.io.stdout, JSON.stringify(configSchema(), null, 2));
  return EXIT.reached;
};

const render: Run<{ diff?: boolean; write?: boolean }> = async (context, _args, options) => {
  const { renderConfig } = await import("../../app.ts");
  const config = await needConfig(context.flags, context.io.env, context.io.cwd);
  const targets = await renderConfig({ config, env: context.io.env, write: options.write === true });
  const json = targets.map(({ files, ...rest }) => ({ ...rest, files: Object.fromEntries(files) }));
  const names = targets.flatMap(({ files }) => [...files.keys()]);
  const lines = () =>
    targets.flatMap((target) => (options.diff === true || options.write === true ? diffLines(target) : fileLines(target)));
  await tell(context, { json, names, lines });
  for (const { target, written, files, diff } of targets) {
    if (options.write === true)
      say(context, written ? `${target}: wrote ${plural(files.size, "file")}` : `${target}: nothing to write`);
    else if (options.diff === true && diff === "") say(context, `${target}: no difference`);
  }
  return EXIT.reached;
};

type Rendered = { readonly target: string; readonly diff: string; readonly files: ReadonlyMap<string, string> };

function diffLines({ diff }: Rendered): string[] {
  return diff === "" ? [] : diff.trimEnd().split("\n");
}

function fileLines({ target, files }: Rendered): string[] {
  return [...files].flatMap(([name, text]) => [`# ${target}: ${name}`, ...text.trimEnd().split("\n"), ""]);
}
