/** The templates of a rendering, compiled once. */
export type Templates = { readonly folder: string };

/** The templates that Sluice brings, each replaced by the one of the same name in `overrideFolder` where there is one. */
export async function loadTemplates(_defaultFolder: string, _overrideFolder: string | null): Promise<Templates> {
  throw new Error("not there yet");
}

/** Where Sluice's own templates lie, from the sources as from the build. */
export function defaultTemplates(): string {
  return new URL("../../templates", import.meta.url).pathname;
}
