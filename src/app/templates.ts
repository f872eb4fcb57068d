import { ConfigError } from "../config/errors.ts";
import { TemplateError } from "../nginx/render-error.ts";
import { defaultTemplates, loadTemplates, type Templates } from "../nginx/template.ts";

/** The templates of a configuration. One that cannot be used is a mistake in the configuration: a `ConfigError` with its place. */
export async function readTemplates(config: string, folder: string | null): Promise<Templates> {
  try {
    return await loadTemplates(defaultTemplates(), folder);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const { file, line, message } = error;
    const said = message.slice(message.indexOf(": ") + 2);
    throw new ConfigError(
      [{ file, line: line ?? 0, column: line === null ? 0 : 1, path: "", message: `${said} (templates: of ${config})` }],
      "",
    );
  }
}
