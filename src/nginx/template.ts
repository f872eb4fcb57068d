import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Handlebars from "handlebars";
import type { ServiceName } from "../core/units.ts";
import { FORMATTERS, FormatError, type FormatterName } from "./format.ts";
import { RenderError, TemplateError } from "./render-error.ts";

/** Every template there is, and so every file that a user's folder may hold. */
export const TEMPLATE_NAMES = [
  "sluice.http",
  "sluice.closing",
  "weighted.http",
  "live.http",
  "live.server",
  "live.location",
  "removed.http",
] as const;

export type TemplateName = (typeof TEMPLATE_NAMES)[number];

/** One compiled template. `neutral` renders the same view with a neutral word for every value. */
export type Template = {
  readonly file: string;
  /** False where it is the user's own, which may say what it likes. */
  readonly own: boolean;
  render(view: object): string;
  neutral(view: object): string;
};

/** The templates of a rendering, compiled once. */
export type Templates = Readonly<Record<TemplateName, Template>>;

/**
 * A value on its way into a template. It has no text of its own: only a formatter can make it one, so that a template cannot print
 * it unchecked.
 */
export class Value {
  readonly raw: unknown;
  /** Which value, for people: `endpoint of pool blue`. */
  readonly place: string;
  readonly service: ServiceName | null;
  constructor(raw: unknown, place: string, service: ServiceName | null) {
    this.raw = raw;
    this.place = place;
    this.service = service;
  }
  toString(): string {
    throw new FormatError(this.place, "text before a formatter made it one");
  }
}

/** Stands for the generation until a set is written. No formatter lets it through. */
export const GENERATION = "<sluice:generation>";

/** The templates that Sluice brings, each replaced by the one of the same name in `overrideFolder` where there is one. */
export async function loadTemplates(defaultFolder: string, overrideFolder: string | null): Promise<Templates> {
  const overrides = overrideFolder === null ? new Set<string>() : await overridden(overrideFolder);
  const load = async (name: TemplateName): Promise<[TemplateName, Template]> => {
    const own = overrideFolder === null || !overrides.has(`${name}.hbs`);
    const file = join(own ? defaultFolder : overrideFolder, `${name}.hbs`);
    return [name, compile(file, await readFile(file, "utf8"), own)];
  };
  return Object.fromEntries(await Promise.all(TEMPLATE_NAMES.map(load))) as Record<TemplateName, Template>;
}

/** Where Sluice's own templates lie, from the sources as from the build. */
export function defaultTemplates(): string {
  return fileURLToPath(new URL("../../templates", import.meta.url));
}

async function overridden(folder: string): Promise<ReadonlySet<string>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".hbs"));
  const known = TEMPLATE_NAMES.map((name) => `${name}.hbs`);
  const odd = files.find((file) => !known.includes(file));
  if (odd !== undefined)
    throw new TemplateError(join(folder, odd), null, `no template has this name; they are ${known.join(", ")}`);
  return new Set(files);
}

const format = (helper: FormatterName, value: unknown): string => {
  try {
    return FORMATTERS[helper](value instanceof Value ? value.raw : value);
  } catch (error) {
    if (error instanceof FormatError && value instanceof Value)
      throw new RenderError(value.service, value.place, error.message, { cause: error });
    throw error;
  }
};

const REAL = engine((helper, value) => format(helper, value));
const NEUTRAL = engine(() => "0");

function engine(formatter: (helper: FormatterName, value: unknown) => string): typeof Handlebars {
  const made = Handlebars.create();
  made.unregisterHelper("log");
  for (const helper of Object.keys(FORMATTERS) as FormatterName[])
    made.registerHelper(helper, (...args: unknown[]) => {
      const { line, column } = (args.at(-1) as { loc: { start: { line: number; column: number } } }).loc.start;
      if (args.length !== 2) throw new Error(`{{${helper}}} takes exactly one value - ${line}:${column}`);
      try {
        return formatter(helper, args[0]);
      } catch (error) {
        throw error instanceof FormatError ? new Error(`${error.message} - ${line}:${column}`, { cause: error }) : error;
      }
    });
  made.registerHelper("generation", () => GENERATION);
  return made;
}

/** Finds what would be printed without a formatter, and what would come in from elsewhere. */
class Unformatted extends Handlebars.Visitor {
  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    const { original } = mustache.path as hbs.AST.PathExpression;
    if (!(original in FORMATTERS) && original !== "generation")
      throw new Error(
        `{{${original}}} is printed without a formatter; write {{FORMATTER ${original}}} with one of ${Object.keys(FORMATTERS).join(", ")}${at(mustache)}`,
      );
  }
  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    throw new Error(`partials are not known here${at(partial)}`);
  }
  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    throw new Error(`partials are not known here${at(partial)}`);
  }
}

function at(node: hbs.AST.Node): string {
  return ` - ${node.loc.start.line}:${node.loc.start.column}`;
}

function compile(file: string, text: string, own: boolean): Template {
  const options = {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: { ...Object.fromEntries(Object.keys(FORMATTERS).map((name) => [name, true])), generation: true, log: false },
  };
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw error instanceof RenderError ? error : templateError(file, error);
    }
  };
  const [real, neutral] = guarded(() => {
    new Unformatted().accept(REAL.parse(text));
    // `compile` is lazy: an unknown helper would only be found in the middle of an apply.
    REAL.precompile(text, options);
    return [REAL.compile<object>(text, options), NEUTRAL.compile<object>(text, options)];
  });
  return { file, own, render: (view) => guarded(() => real(view)), neutral: (view) => guarded(() => neutral(view)) };
}

/** Handlebars says `Parse error on line 3:` with an excerpt, or ends in ` - 3:5`. */
function templateError(file: string, error: unknown): TemplateError {
  if (!(error instanceof Error)) throw error;
  const parse = /^Parse error on line (\d+):\n([\s\S]*)$/.exec(error.message);
  if (parse !== null)
    return new TemplateError(file, Number(parse[1]), `cannot be read: ${parse[2]?.replaceAll("\n", " ")}`, { cause: error });
  const located = /^(.*?)(?: - (\d+):\d+)?$/s.exec(error.message);
  return new TemplateError(file, located?.[2] === undefined ? null : Number(located[2]), located?.[1] ?? error.message, {
    cause: error,
  });
}
