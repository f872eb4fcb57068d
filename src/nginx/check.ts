import type { ServiceName } from "../core/units.ts";
import { type Directive, difference, GrammarError, parse } from "./grammar.ts";
import { RenderError } from "./render-error.ts";
import type { Template } from "./template.ts";

/** All that Sluice's own templates may say. Lines inside `map` and `split_clients` are no directives. */
const ALLOWED = new Set(
  `access_log default_type disable_symlinks error_page if keepalive keepalive_min_timeout keepalive_timeout listen location log_format map
  open_file_cache proxy_pass recursive_error_pages return rewrite server server_name set split_clients upstream userid userid_expires
  userid_flags userid_name userid_path zone`.split(/\s+/),
);
const TABLES = new Set(["map", "split_clients"]);

/**
 * Renders a template, and proves that the values added no structure: with a neutral word for each value, the same template
 * has to give the same blocks, and directives with as many words.
 */
export function renderChecked(template: Template, view: object, service: ServiceName | null): string {
  const text = template.render(view);
  const tree = read(template.file, text, service);
  const differs = difference(tree, read(template.file, template.neutral(view), service));
  if (differs !== null) {
    const where = differs === "end" ? "at the end" : `at "${differs.words[0]}" in line ${differs.line}`;
    throw new RenderError(service, template.file, `a value changes the structure of the output ${where}; nothing of it was used`);
  }
  if (template.own) allowed(template.file, tree, service);
  return text;
}

function read(file: string, text: string, service: ServiceName | null): readonly Directive[] {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof GrammarError)
      throw new RenderError(service, file, `its output is no nginx configuration, ${error.message}`, { cause: error });
    throw error;
  }
}

function allowed(file: string, tree: readonly Directive[], service: ServiceName | null): void {
  for (const { words, block, line } of tree) {
    const name = words[0] ?? "";
    if (!ALLOWED.has(name))
      throw new RenderError(service, file, `"${name}" in line ${line} of its output is none of Sluice's directives`);
    if (block !== null && !TABLES.has(name)) allowed(file, block, service);
  }
}
