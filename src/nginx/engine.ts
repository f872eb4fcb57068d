import Handlebars from "handlebars";
import { FORMATTERS, FormatError, type FormatterName } from "./format.ts";
import { formatted } from "./value.ts";

/** Stands for the generation until a set is written. No formatter lets it through. */
export const GENERATION = "<sluice:generation>";

/** A template's text as functions of a view; `neutral` writes the same word for every value. */
export type Compiled = { readonly real: (view: object) => string; readonly neutral: (view: object) => string };

const NAMES = Object.keys(FORMATTERS) as readonly FormatterName[];
const OPTIONS = {
  strict: true,
  noEscape: true,
  knownHelpersOnly: true,
  knownHelpers: { ...Object.fromEntries(NAMES.map((name) => [name, true])), generation: true, log: false },
};

const REAL = engine(formatted);
const NEUTRAL = engine(() => "0");

/** Compiles a template, and refuses what could only go wrong later. Errors end in ` - LINE:COLUMN`, or are Handlebars' own. */
export function compiled(text: string): Compiled {
  const tree = REAL.parse(text);
  new Forbidden().accept(tree);
  // Not by `compile`, which is lazy: an unknown helper would only be found in the middle of an apply. And once for both engines, of
  // which only the helpers differ: compiling is most of the work of a small start.
  const code = new Function(`return ${String(REAL.precompile(tree, OPTIONS))}`);
  const specification = code() as TemplateSpecification;
  return { real: REAL.template<object>(specification), neutral: NEUTRAL.template<object>(specification) };
}

/** What Handlebars hands to a helper behind its values. */
type Call = { readonly loc: { readonly start: { readonly line: number; readonly column: number } } };

function engine(formatter: (helper: FormatterName, value: unknown) => string): typeof Handlebars {
  const made = Handlebars.create();
  made.unregisterHelper("log");
  made.registerHelper("generation", () => GENERATION);
  for (const name of NAMES)
    made.registerHelper(
      name,
      demanding(name, (value) => formatter(name, value)),
    );
  for (const name of ["if", "unless", "each", "with"]) {
    const builtIn = made.helpers[name];
    if (builtIn === undefined) throw new Error(`Handlebars has no ${name}`);
    made.registerHelper(name, demanding(name, builtIn));
  }
  return made;
}

/** A helper that takes one value, which must be there: `strict` overlooks the values that are given to helpers. */
function demanding(name: string, helper: Handlebars.HelperDelegate): Handlebars.HelperDelegate {
  return function (this: unknown, ...args: unknown[]) {
    const { line, column } = (args.at(-1) as Call).loc.start;
    if (args.length !== 2) throw new Error(`{{${name}}} takes exactly one value - ${line}:${column}`);
    if (args[0] === undefined) throw new Error(`{{${name}}} is given a field that does not exist here - ${line}:${column}`);
    try {
      return helper.apply(this, args as Parameters<Handlebars.HelperDelegate>);
    } catch (error) {
      throw error instanceof FormatError ? new Error(`${error.message} - ${line}:${column}`, { cause: error }) : error;
    }
  };
}

/** Finds what would be printed without a formatter, and what would come in from elsewhere. */
class Forbidden extends Handlebars.Visitor {
  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    const { original } = mustache.path as hbs.AST.PathExpression;
    if (Object.hasOwn(FORMATTERS, original) || original === "generation") return;
    if (mustache.params.length > 0)
      throw new Error(`{{${original}}} is no formatter; the formatters are ${NAMES.join(", ")}${at(mustache)}`);
    throw new Error(
      `{{${original}}} is printed without a formatter; write {{FORMATTER ${original}}} with one of ${NAMES.join(", ")}${at(mustache)}`,
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
