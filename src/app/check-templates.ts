import type { Config } from "../config/config.ts";
import { ConfigError, type Problem } from "../config/errors.ts";
import { RenderError, TemplateError } from "../nginx/render-error.ts";
import { renderAll } from "./render.ts";

/** What is wrong with the templates of the user: that they can be read does not mean that they ask for what there is, so it renders with them. */
export async function checkTemplates(file: string, config: Config): Promise<readonly Problem[]> {
  try {
    await renderAll(file, config, false);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    if (error instanceof RenderError) return [{ file, line: 0, column: 0, path: "templates", message: error.message }];
    if (!(error instanceof TemplateError)) throw error;
    const said = error.message.slice(error.message.indexOf(": ") + 2);
    const place = { file: error.file, line: error.line ?? 0, column: error.line === null ? 0 : 1 };
    return [{ ...place, path: "", message: `${said} (templates: of ${file})` }];
  }
}
