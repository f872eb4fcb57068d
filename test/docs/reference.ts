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

export type Setting = {
  readonly path: string;
  readonly fallback: string;
  readonly meaning: string;
  /** True where it tells the forms of a block apart. */
  readonly isName: boolean;
};

/** Every setting below `schema`, in the order of the schema; `path` is what stands before it. */
export function settingsOf(schema: Schema, path = ""): readonly Setting[] {
  const properties = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const at = path === "" ? key : `${path}.${key}`;
    const required = schema.required?.includes(key) === true;
    return [settingOf(child, at, required), ...settingsOf(child, at)];
  });
  const named = typeof schema.additionalProperties === "object" ? settingsOf(schema.additionalProperties, `${path}.NAME`) : [];
  const items = schema.items === undefined ? [] : settingsOf(schema.items, `${path}[]`);
  return [...properties, ...named, ...items, ...formsOf([...(schema.anyOf ?? []), ...(schema.oneOf ?? [])], path)];
}

/** The settings of a block that has several forms, each once; what only some forms have says which. A map of blocks is told of in words. */
function formsOf(schemas: readonly Schema[], path: string): readonly Setting[] {
  const forms = schemas
    .filter((form) => form.properties !== undefined)
    .map((form) => ({ name: nameOf(form), settings: settingsOf(form, path) }));
  const all = forms.flatMap(({ settings }) => settings);
  const once = all.filter((one, index) => all.findIndex((other) => other.path === one.path) === index);
  return once.map((setting) => {
    const having = forms.filter(({ settings }) => settings.some((other) => other.path === setting.path));
    const names = having.flatMap(({ name }) => (name === null ? [] : [`\`${name}\``]));
    if (names.length === 0) return setting;
    if (having.length < forms.length) return { ...setting, meaning: `${names.join(", ")}: ${setting.meaning}` };
    return setting.isName ? { ...setting, meaning: `${names.join(" or ")}. ${setting.meaning}` } : setting;
  });
}

/** What tells a form from the others: the one value that one of its keys can have. */
function nameOf(form: Schema): string | null {
  const only = Object.values(form.properties ?? {}).find((child) => typeof child.const === "string")?.const;
  return typeof only === "string" ? only : null;
}

function settingOf(schema: Schema, path: string, required: boolean): Setting {
  const choices = schema.enum === undefined ? "" : `${schema.enum.map((one) => `\`${String(one)}\``).join(" or ")}. `;
  return {
    path,
    isName: schema.const !== undefined,
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
