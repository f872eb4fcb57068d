import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { ApiError } from "./problem.ts";

/** Everything comes from this server, nothing is inline, and no other page may frame it. */
export const DASHBOARD_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The names of these have a hash of what is in them. */
const FOR_EVER = "public, max-age=31536000, immutable";

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sluice</title></head>
<body><h1>The dashboard is not built</h1>
<p>This is a checkout. Run <code>npm run build</code> in it, then load this page again. The API works all the same: see <a href="/docs">/docs</a>.</p>
</body></html>
`;

/**
 * Serves the dashboard at `/` from the folder of its build. It holds nothing secret, so it needs no token: the page asks for one, and
 * sends it with each call of the API. `auth` says whether there is one to be asked for. Where there is no build, `/` says how to make one.
 */
export async function serveDashboard(app: FastifyInstance, folder: string, auth: "none" | "token"): Promise<void> {
  await app.register(fastifyStatic, { root: folder, serve: false, cacheControl: false, suppressWarning: true });
  const open = { config: { scope: "open" as const }, schema: { hide: true } };

  app.get("/", open, async (_request, reply) => {
    reply.header("content-security-policy", DASHBOARD_POLICY);
    const page = await readFile(join(folder, "index.html"), "utf8").catch(() => NOT_BUILT);
    return reply.type("text/html; charset=utf-8").send(page.replace("<html ", `<html data-auth="${auth}" `));
  });

  app.get<{ Params: { file: string } }>("/assets/:file", open, async ({ params: { file } }, reply): Promise<FastifyReply> => {
    if (!/^[\w-][\w.-]*$/.test(file) || !(await isFile(join(folder, "assets", file))))
      throw new ApiError("not-found", `The dashboard has no file ${file}.`, "Load the page again: it may be of another version.");
    return reply.header("cache-control", FOR_EVER).sendFile(`assets/${file}`, folder);
  });
}

function isFile(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
