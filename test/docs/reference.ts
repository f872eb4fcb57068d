/** A part of a JSON Schema, as far as the reference of the settings needs it. */
export type Schema = {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
};

export type Setting = { readonly path: string; readonly fallback: string; readonly meaning: string };

/** Every setting below `schema`, in the order of the schema; `path` is what stands before it. */
export function settingsOf(schema: Schema, path = ""): readonly Setting[] {
  const properties = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const at = path === "" ? key : `${path}.${key}`;
    const required = schema.required?.includes(key) === true;
    return [settingOf(child, at, required), ...settingsOf(child, at)];
  });
  const named = typeof schema.additionalProperties === "object" ? settingsOf(schema.additionalProperties, `${path}.NAME`) : [];
  const items = schema.items === undefined ? [] : settingsOf(schema.items, `${path}[]`);
  // Of several forms of a block, each brings the keys that those before it do not have; a map of blocks is told of in words.
  const forms = (schema.anyOf ?? []).filter((form) => form.properties !== undefined).flatMap((form) => settingsOf(form, path));
  const all = [...properties, ...named, ...items, ...forms];
  return all.filter((one, index) => all.findIndex((other) => other.path === one.path) === index);
}

function settingOf(schema: Schema, path: string, required: boolean): Setting {
  const choices = schema.enum === undefined ? "" : `${schema.enum.map((one) => `\`${String(one)}\``).join(" or ")}. `;
  return {
    path,
    fallback: fallbackOf(schema, required),
    meaning: `${choices}${schema.description ?? ""}`.replaceAll("|", "\\|"),
  };
}

function fallbackOf(schema: Schema, required: boolean): string {
  if (required) return "required";
  const { default: value } = schema;
  if (value === undefined || (typeof value === "object" && value !== null)) return "-";
  return `\`${String(value)}\``;
}

/** The settings under one of the file's blocks as a Markdown table, with paths from that block on. */
export function table(settings: readonly Setting[], block: string): string {
  const rows = settings
    .filter(({ path }) => path.startsWith(`${block}.`))
    .map(({ path, fallback, meaning }) => `| \`${path.slice(block.length + 1)}\` | ${fallback} | ${meaning} |`);
  return ["| setting | default | meaning |", "|---|---|---|", ...rows].join("\n");
}

/** The settings of the file itself, without what is inside of its blocks. */
export function topTable(settings: readonly Setting[]): string {
  const rows = settings
    .filter(({ path }) => !path.includes("."))
    .map(({ path, fallback, meaning }) => `| \`${path}\` | ${fallback} | ${meaning} |`);
  return ["| setting | default | meaning |", "|---|---|---|", ...rows].join("\n");
}
