import { join } from "node:path";
import { root } from "./sources.ts";

/** What a test starts for `sluice`: all in one where a run of the tests has put it together (`one-program.ts`), else the sources. */
export const MAIN = process.env.SLUICE_ONE_PROGRAM ?? join(root, "src/main.ts");
