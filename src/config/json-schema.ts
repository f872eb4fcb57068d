import * as z from "zod";
import { file } from "./schema/file.ts";

/** The JSON Schema (draft 2020-12) of what people write, for editors. */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(file, { io: "input", target: "draft-2020-12" });
  return { $schema, title: "sluice.yaml", ...schema };
}
