import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isExportDeclaration, isStringLiteral, type Node, type SourceFile, SyntaxKind } from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

/** The folder of the checkout. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** One file of the repository's own code, parsed. Paths are relative to the checkout, with `/`. */
export type Source = {
  readonly path: string;
  readonly lines: number;
  readonly tree: SourceFile;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSize[];
  /** True where it does nothing but pass on what other files export. */
  readonly isBarrel: boolean;
};

/** `path` is null where a package or a module of Node is imported. */
export type Import = {
  readonly specifier: string;
  readonly path: string | null;
  readonly line: number;
  /** True for `import type`, of which nothing is left when it runs. */
  readonly isType: boolean;
};

export type FunctionSize = { readonly line: number; readonly lines: number };

const FUNCTIONS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
]);

/** The dashboard is compiled for browsers, the rest for Node. */
const PROJECTS = ["tsconfig.json", "src/dashboard/tsconfig.json"];

/** Every file that the TypeScript projects include, as the compiler itself reads it. */
export function readSources(): readonly Source[] {
  const api = new API({ cwd: root });
  try {
    const projects = api.updateSnapshot({ openProjects: PROJECTS.map((path) => join(root, path)) }).getProjects();
    if (projects.length !== PROJECTS.length) throw new Error(`not all of these name a project: ${PROJECTS.join(", ")}`);
    return projects.flatMap((project) =>
      project.rootFiles.map((file) => {
        const tree = project.program.getSourceFile(file);
        if (tree === undefined) throw new Error(`the compiler did not read ${file}`);
        return source(relative(root, file), tree);
      }),
    );
  } finally {
    api.close();
  }
}

function source(path: string, tree: SourceFile): Source {
  const functions: FunctionSize[] = [];
  walk(tree, (node) => {
    if (FUNCTIONS.has(node.kind)) functions.push(functionSize(tree, node));
  });
  return {
    path,
    lines: tree.text.trimEnd().split("\n").length,
    tree,
    imports: tree.imports.filter(isStringLiteral).map((node) => ({
      specifier: node.text,
      path: node.text.startsWith(".") ? join(dirname(path), node.text) : null,
      line: lineOf(tree, node),
      isType: /^(im|ex)port type\b/.test(node.parent.getText(tree)),
    })),
    functions,
    isBarrel:
      tree.statements.length > 0 &&
      tree.statements.every((node) => isExportDeclaration(node) && node.moduleSpecifier !== undefined),
  };
}

function functionSize(tree: SourceFile, node: Node): FunctionSize {
  const line = lineOf(tree, node);
  return { line, lines: tree.getLineAndCharacterOfPosition(node.getEnd()).line + 2 - line };
}

/** Calls `visit` for a node and everything below it. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** The line that a node's own text begins at, from 1. */
export function lineOf(tree: SourceFile, node: Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

/** For every Node that a test starts: less collecting of garbage while it loads, which is a quarter of what a short process does. */
export const NODE_ARGS = ["--min-semi-space-size=32", "--max-semi-space-size=32"] as const;
