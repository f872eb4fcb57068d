import type { Secret } from "./schema/secret.ts";

/** Makes a path whole: relative ones start at the folder of the file. */
export type From = (path: string) => string;

/** A secret whose file is whole. */
export function anchorSecret(one: Secret, from: From): Secret {
  return one.from === "file" ? { ...one, path: from(one.path) } : one;
}

export function anchorSecrets(all: Readonly<Record<string, Secret>>, from: From): Record<string, Secret> {
  return Object.fromEntries(Object.entries(all).map(([key, one]) => [key, anchorSecret(one, from)]));
}

/** A program and its arguments. A bare name is looked up in PATH; a path that begins with a variable is whole once that is filled in. */
export function anchorCommand([program = "", ...rest]: readonly string[], from: From): string[] {
  return [program.includes("/") && !program.startsWith("${") ? from(program) : program, ...rest];
}
