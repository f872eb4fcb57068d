import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join } from "node:path";
import { execaSync } from "execa";
import { isIdentifier, isNewExpression, isPropertyAccessExpression, type Node, SyntaxKind } from "typescript/unstable/ast";
import { describe, expect, test } from "vitest";
import { lineOf, readSources, root, type Source, walk } from "./support/sources.ts";

const all = readSources();
const src = all.filter(({ path }) => path.startsWith("src/"));
const shipped = all.filter(({ path }) => !path.startsWith("test/"));
const byPath = new Map(all.map((source) => [source.path, source]));

/** A rule holds where it finds nothing; each finding says which file, what is wrong, and how to mend it. */
function nothing(findings: readonly string[]): void {
  if (findings.length > 0) expect.fail(findings.join("\n"));
}

/** What the files of a folder of src may import of ours, beside their own folder. A pattern ends in `/` or names one file. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  analysis: [],
  config: [],
  nginx: ["core/"],
  metrics: ["core/", "secrets/"],
  hooks: ["core/", "secrets/"],
  secrets: ["core/"],
  probe: ["core/"],
  store: ["core/"],
  instruments: ["core/"],
  controller: ["core/", "analysis/"],
  api: ["core/", "controller/"],
  // Types alone: the client has to work without any package.
  client: ["core/", "api/schemas/"],
  // `judge` needs no controller: the analysis is as pure as the core.
  cli: ["core/", "analysis/", "config/", "api/schemas/", "client/", "app.ts"],
  // Bundled for browsers: of ours it has only the shapes of what the API answers, which the test below holds to be types.
  dashboard: ["core/"],
  demo: ["core/", "config/", "api/schemas/", "cli/", "app.ts"],
  // What the composition root does for commands that drive nothing.
  app: ["core/", "config/", "nginx/", "metrics/", "hooks/", "probe/", "store/", "instruments/", "controller/"],
  // Loose files of src: the composition root may name everything, the others are leaves.
  "app.ts": [
    "app/",
    "core/",
    "analysis/",
    "config/",
    "nginx/",
    "metrics/",
    "probe/",
    "store/",
    "instruments/",
    "controller/",
    "api/",
    "log.ts",
  ],
  "main.ts": ["core/", "config/", "cli/", "demo/", "app.ts", "log.ts"],
  "log.ts": ["core/"],
};

/** `src/nginx/inspect/site.ts` is of the part `nginx`, `src/app.ts` of the part `app.ts`. */
const partOf = (path: string) => path.split("/")[1] ?? path;

describe("imports", () => {
  test("go one way: a folder imports only what its row allows", () => {
    nothing(
      src.flatMap(({ path, imports }) => {
        const part = partOf(path);
        const allowed = MAY_IMPORT[part];
        if (allowed === undefined) return [`${path}: src/${part} has no row in MAY_IMPORT; decide what it may import`];
        const isAllowed = (target: string) =>
          partOf(target) === part || allowed.some((prefix) => target.startsWith(`src/${prefix}`));
        return imports
          .filter((one) => one.path !== null && !isAllowed(one.path))
          .map(
            ({ specifier, line }) =>
              `${path}:${line} imports ${specifier}: src/${part} may import ${said(allowed)}; pass the value in`,
          );
      }),
    );
  });

  test("of the dashboard take only types from elsewhere", () => {
    nothing(
      src
        .filter(({ path }) => partOf(path) === "dashboard")
        .flatMap(({ path, imports }) =>
          imports
            .filter((one) => one.path !== null && partOf(one.path) !== "dashboard" && !one.isType)
            .map(({ specifier, line }) => `${path}:${line} imports values of ${specifier}: a browser gets only types of it`),
        ),
    );
  });

  test("name files that exist, with their ending", () => {
    nothing(
      all.flatMap(({ path, imports }) =>
        imports
          .filter((one) => one.path !== null && !byPath.has(one.path) && !one.path.endsWith(".json"))
          .map(({ specifier, line }) => `${path}:${line} imports ${specifier}, which is no file of the project`),
      ),
    );
  });

  test("form no cycle", () => {
    nothing(cycles().map((cycle) => `${cycle.join(" -> ")}: move what they share into a file that imports none of them`));
  });

  test("reach every file of src from src/main.ts, or from the dashboard's own", () => {
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const one of byPath.get(path)?.imports ?? []) if (one.path !== null) visit(one.path);
    };
    visit("src/main.ts");
    visit("src/dashboard/main.tsx");
    nothing(src.filter(({ path }) => !reached.has(path)).map(({ path }) => `${path}: nothing that is run imports it; remove it`));
  });

  test("of src name only packages that are installed with Sluice", () => {
    const { dependencies } = packageJson();
    nothing(
      // What the dashboard is made of lies in its bundle.
      src
        .filter(({ path }) => partOf(path) !== "dashboard")
        .flatMap(({ path, imports }) =>
          imports
            .filter(
              ({ specifier }) => !specifier.startsWith(".") && !isBuiltin(specifier) && !(packageOf(specifier) in dependencies),
            )
            .map(({ specifier, line }) => `${path}:${line} imports ${specifier}, which is not in "dependencies" of package.json`),
        ),
    );
  });
});

describe("core and analysis", () => {
  const pure = src.filter(({ path }) => ["core", "analysis"].includes(partOf(path)));

  test("import no module of Node and no package", () => {
    nothing(
      pure.flatMap(({ path, imports }) =>
        imports
          .filter((one) => one.path === null)
          .map(({ specifier, line }) => `${path}:${line} imports ${specifier}: take what it computes as an argument`),
      ),
    );
  });

  test("have no clock, no randomness, no async, no logger", () => {
    nothing(
      pure.flatMap(({ path, tree }) => {
        const findings: string[] = [];
        walk(tree, (node) => {
          const impure = impurity(node);
          if (impure !== null) findings.push(`${path}:${lineOf(tree, node)} uses ${impure}: take its result as an argument`);
        });
        return findings;
      }),
    );
  });
});

describe("files", () => {
  test("have at most 300 lines", () => {
    nothing(
      all
        .filter(({ lines }) => lines > 300)
        .map(({ path, lines }) => `${path}: ${lines} lines of 300; split it by what it decides`),
    );
  });

  test("have functions of at most 70 lines", () => {
    nothing(
      shipped.flatMap(({ path, functions }) =>
        functions
          .filter(({ lines }) => lines > 70)
          .map(({ line, lines }) => `${path}:${line}: a function of ${lines} lines, of 70; it does more than one thing`),
      ),
    );
  });

  test("do more than pass on other files' exports", () => {
    nothing(all.filter(({ isBarrel }) => isBarrel).map(({ path }) => `${path}: a barrel; import from the files themselves`));
  });

  test("are named after the noun that they hold", () => {
    const vague = /(^|[-.])(utils?|helpers?|types?|managers?|handlers?|common|misc|index)[-.]/;
    nothing(all.filter(({ path }) => vague.test(basename(path))).map(({ path }) => `${path}: name it after what is in it`));
  });
});

describe("src", () => {
  test("ends the process in main.ts alone", () => {
    nothing(uses(/^process\.(exit|exitCode|abort|reallyExit)$/, ["src/main.ts"], "return the outcome instead"));
  });

  test("reads the environment in config/env.ts and main.ts alone", () => {
    nothing(uses(/^process\.env$/, ["src/main.ts", "src/config/env.ts"], "take the value as an argument"));
  });
});

describe("the repository", () => {
  test("pins every dependency exactly", () => {
    const { dependencies, devDependencies } = packageJson();
    nothing(
      Object.entries({ ...dependencies, ...devDependencies })
        .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
        .map(([name, version]) => `package.json: ${name} is ${version}; write the exact version`),
    );
  });

  test("names no path of somebody's machine, and no host that packages come from", () => {
    // Put together, so that this file is not found by its own rule.
    const forbidden = [
      ["/work", "/"],
      ["/tmp", "/scratch"],
      ["/home", "/[a-z]"],
      ['"resolved"', ': "http'],
    ].map((parts) => parts.join(""));
    const found = execaSync("git", ["grep", "-nIE", forbidden.join("|")], { cwd: root, reject: false });
    expect([0, 1], found.stderr).toContain(found.exitCode);
    nothing(found.stdout.split("\n").filter((line) => line !== ""));
  });
});

function said(allowed: readonly string[]): string {
  return allowed.length === 0 ? "nothing of ours" : allowed.join(", ");
}

function packageJson(): { dependencies: Record<string, string>; devDependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith("node:") || builtinModules.includes(specifier);
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

const AMBIENT = new Set(
  "console fetch process performance crypto globalThis setTimeout setInterval setImmediate queueMicrotask Promise".split(" "),
);

/** What in a node makes its file depend on more than its arguments, or null. */
function impurity(node: Node): string | null {
  if (node.kind === SyntaxKind.AsyncKeyword || node.kind === SyntaxKind.AwaitExpression) return "async";
  if (isNewExpression(node) && node.expression.getText() === "Date" && (node.arguments?.length ?? 0) === 0) return "new Date()";
  if (isPropertyAccessExpression(node) && ["Date.now", "Math.random"].includes(node.getText())) return node.getText();
  if (!isIdentifier(node) || !AMBIENT.has(node.text)) return null;
  const { parent } = node;
  const isOwner = isPropertyAccessExpression(parent) && parent.expression === node;
  const isCalled = parent.kind === SyntaxKind.CallExpression || isNewExpression(parent);
  return isOwner || isCalled ? node.text : null;
}

/** Where src outside of the files `except` names something of `process`. */
function uses(name: RegExp, except: readonly string[], instead: string): readonly string[] {
  return src
    .filter(({ path }) => !except.includes(path))
    .flatMap(({ path, tree }) => {
      const findings: string[] = [];
      walk(tree, (node) => {
        if (!isPropertyAccessExpression(node) || !name.test(node.getText(tree))) return;
        findings.push(`${path}:${lineOf(tree, node)} uses ${node.getText(tree)}: ${instead}`);
      });
      return findings;
    });
}

/** Each ring of imports, once, from the file that was met first. */
function cycles(): readonly (readonly string[])[] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (source: Source, trail: readonly string[]): void => {
    const start = trail.indexOf(source.path);
    if (start >= 0) found.push([...trail.slice(start), source.path].map((path) => join(dirname(path), basename(path))));
    if (start >= 0 || done.has(source.path)) return;
    for (const one of source.imports) {
      const target = one.path === null ? undefined : byPath.get(one.path);
      if (target !== undefined) visit(target, [...trail, source.path]);
    }
    done.add(source.path);
  };
  for (const source of all) visit(source, []);
  return found;
}
