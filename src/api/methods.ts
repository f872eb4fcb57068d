import type { FastifyInstance } from "fastify";

/** Which methods each path has, so that the wrong one is told apart from the wrong path. Register it before the routes. */
export function methodsByPath(app: FastifyInstance): (path: string) => readonly string[] {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    routes.push({ pattern: patternOf(url), methods: [method].flat() });
  });
  return (path) => {
    const methods = routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    return [...new Set(methods)].sort();
  };
}

const SPECIAL = /[.*+?^${}()|[\]\\]/g;

function patternOf(url: string): RegExp {
  const parts = url
    .split("/")
    .map((part) => (part.startsWith(":") ? "[^/]+" : part === "*" ? ".*" : part.replace(SPECIAL, "\\$&")));
  return new RegExp(`^${parts.join("/")}$`);
}
