import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const BUILT = join(ROOT, "node_modules/.cache/sluice-one-program");

/**
 * Puts the sources and what they load together before the tests run, and tells them by `SLUICE_ONE_PROGRAM` where it lies.
 *
 * A start loads 1 200 modules else, which is a third of its processor time, and the tests start some two hundred. That the sources run
 * as they are, and that a package does, is proved by `test/bin`, `test/docs/quickstart.test.ts` and `test/packaging.test.ts`.
 */
export default async function setup(): Promise<void> {
  const chunks = await bundled();
  const hash = createHash("sha256");
  for (const { fileName, code } of chunks) hash.update(`${fileName}\0${code}\0`);
  const folder = join(BUILT, hash.digest("hex").slice(0, 16));
  if (!existsSync(folder)) write(folder, chunks);
  process.env.SLUICE_ONE_PROGRAM = join(folder, "main.js");
}

type Chunk = { readonly fileName: string; readonly code: string };

async function bundled(): Promise<readonly Chunk[]> {
  const built = await build({
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    plugins: [places()],
    // These two serve files that lie beside them.
    ssr: { noExternal: true, external: ["@fastify/static", "@fastify/swagger-ui"] },
    build: { ssr: "src/main.ts", write: false, minify: false, target: "node24" },
  });
  if (!("output" in built)) throw new Error("vite built no single program of src/main.ts");
  return built.output.map((one) => {
    if (one.type !== "chunk") throw new Error(`${one.fileName} is no code: the program cannot be put together of it`);
    return { fileName: one.fileName, code: one.code };
  });
}

/** Leaves each source the place that it has in the checkout: it looks for files from there. */
function places(): Plugin {
  return {
    name: "places",
    transform(code, id) {
      if (!id.startsWith(`${ROOT}/src/`) || !code.includes("import.meta")) return null;
      return code
        .replaceAll("import.meta.dirname", JSON.stringify(dirname(id)))
        .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href));
    },
  };
}

/** Whole or not at all: another run of the tests may look for it at the same time. */
function write(folder: string, chunks: readonly Chunk[]): void {
  mkdirSync(BUILT, { recursive: true });
  const fresh = mkdtempSync(join(BUILT, ".new-"));
  for (const { fileName, code } of chunks) {
    mkdirSync(dirname(join(fresh, fileName)), { recursive: true });
    writeFileSync(join(fresh, fileName), code);
  }
  try {
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}
