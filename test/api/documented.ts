import type { Sent } from "./api-under-test.ts";

type Content = { readonly schema: { readonly $ref?: string }; readonly example?: unknown };
type Answer = { readonly content?: Readonly<Record<string, Content>>; readonly headers?: object };
type Parameter = { readonly name: string; readonly in: string; readonly schema: unknown; readonly example?: unknown };
type Operation = {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, Answer>>;
};

/** An operation of the OpenAPI document, and the request that its own examples make. */
export type Documented = {
  readonly name: string;
  /** The path as the document has it: `/v1/services/{service}`. */
  readonly template: string;
  readonly path: string;
  readonly sent: Sent & { readonly method: NonNullable<Sent["method"]> };
  /** Needs no token. */
  readonly open: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: Content | null;
  readonly answers: Readonly<Record<string, Answer>>;
};

/** Everything that the document says there is, with its paths filled in: what is added later is not missed. */
export function documented(
  document: Readonly<Record<string, unknown>>,
  instead: Readonly<Record<string, string>> = {},
): readonly Documented[] {
  const paths = document.paths as Record<string, Record<string, Operation>>;
  return Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, one]) => documentedOne(template, method, one, instead)),
  );
}

function documentedOne(template: string, method: string, one: Operation, instead: Readonly<Record<string, string>>): Documented {
  const { parameters = [], operationId, responses, requestBody } = one;
  const example = (name: string) => instead[name] ?? String(parameters.find((each) => each.name === name)?.example);
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(example(name)));
  const body = requestBody?.content["application/json"] ?? null;
  const json = method === "get" ? {} : { json: body?.example ?? {} };
  const accept = responses["200"]?.content?.["text/event-stream"] === undefined ? {} : { accept: "application/json" };
  const sent = { method: method.toUpperCase() as Documented["sent"]["method"], headers: accept, ...json };
  return { name: operationId, template, path, sent, open: one.security.length === 0, parameters, body, answers: responses };
}

/** The JSON of an answer, problem documents included; null where it is something else. */
export function jsonOf(answer: Answer | undefined): Content | null {
  return Object.entries(answer?.content ?? {}).find(([type]) => type.includes("json"))?.[1] ?? null;
}
