import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Compiled, compiled } from "./engine.ts";
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

/** The templates of a rendering, each compiled once: the user's when they are read, Sluice's own when they are needed. */
export type Templates = Readonly<Record<TemplateName, Template>>;

/** The templates that Sluice brings, each replaced by the one of the same name in `overrideFolder` where there is one. */
export async function loadTemplates(defaultFolder: string, overrideFolder: string | null): Promise<Templates> {
  const overrides = overrideFolder === null ? new Set<string>() : await overridden(overrideFolder);
  const load = async (name: TemplateName): Promise<[TemplateName, Template]> => {
    const own = overrideFolder === null || !overrides.has(`${name}.hbs`);
    const file = join(own ? defaultFolder : overrideFolder, `${name}.hbs`);
    return [name, template(file, await readFile(file, "utf8"), own)];
  };
  return Object.fromEntries(await Promise.all(TEMPLATE_NAMES.map(load))) as Record<TemplateName, Template>;
}

/** Where Sluice's own templates lie, from the sources as from the build. */
export function defaultTemplates(): string {
  return fileURLToPath(new URL("../../templates", import.meta.url));
}

async function overridden(folder: string): Promise<ReadonlySet<string>> {
  const all = await readdir(folder).catch((error: Error) => {
    throw new TemplateError(folder, null, `the folder of templates cannot be read: ${error.message}`, { cause: error });
  });
  const files = all.filter((file) => file.endsWith(".hbs"));
  const known = TEMPLATE_NAMES.map((name) => `${name}.hbs`);
  const odd = files.find((file) => !known.includes(file));
  if (odd !== undefined)
    throw new TemplateError(join(folder, odd), null, `no template has this name; they are ${known.join(", ")}`);
  return new Set(files);
}

function template(file: string, text: string, own: boolean): Template {
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw error instanceof RenderError ? error : templateError(file, error);
    }
  };
  let known: Compiled | null = null;
  const once = () => {
    known ??= compiled(text);
    return known;
  };
  // What is wrong in the user's is said at once. Sluice's own are good, and no start needs all of them.
  if (!own) guarded(once);
  return {
    file,
    own,
    render: (view) => guarded(() => once().real(view)),
    neutral: (view) => guarded(() => once().neutral(view)),
  };
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
