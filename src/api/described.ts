import { EXAMPLES, PARAMETERS } from "./examples.ts";
import { PROBLEM_TYPE } from "./problem.ts";

type Json = { readonly [key: string]: unknown };
type Parameter = { readonly name: string; readonly in: string } & Json;
type Content = Readonly<Record<string, { readonly schema?: { readonly $ref?: string } } & Json>>;
type Answer = { readonly content?: Content } & Json;
type Operation = {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Answer>>;
} & Json;
type Document = {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Json;
} & Json;

/** Adds to the document what the schemas of routes cannot say: examples, and the headers that hooks read and answers have. */
export function describeOperations<D extends Json & { readonly components: { schemas: { [key: string]: unknown } } }>(
  document: D,
): D {
  const { paths = {} } = document as unknown as Document;
  const described = Object.entries(paths).map(([path, methods]) => [
    path,
    Object.fromEntries(Object.entries(methods).map(([method, one]) => [method, operationOf(path, method, one)])),
  ]);
  return { ...document, paths: Object.fromEntries(described) };
}

function operationOf(path: string, method: string, operation: Operation): Operation {
  const parameters = [...(operation.parameters ?? []), ...headersOf(path, method, operation)].map((one) => ({
    ...one,
    example: PARAMETERS[one.name] ?? PARAMETERS[one.name.toLowerCase()],
  }));
  const { requestBody } = operation;
  const answers = Object.entries(operation.responses).map(([status, answer]) => [status, answerOf(operation, status, answer)]);
  return {
    ...operation,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody: { ...requestBody, content: withExamples(requestBody.content) } }),
    responses: Object.fromEntries(answers),
  };
}

const IF_MATCH: Parameter = {
  name: "If-Match",
  in: "header",
  description:
    "The ETag of the service: refused with 412 where its rollout moved on since, or people changed its members. With `replace`, this or `*` is needed (428).",
  schema: { type: "string" },
};

const IDEMPOTENCY_KEY: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  description: "A repetition with the same key and the same body gets the first answer again, for a day.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

/** Headers that are read before a route's own schema. */
function headersOf(path: string, method: string, { operationId }: Operation): readonly Parameter[] {
  const aboutMembers = ["setMembers", "resetMembers"].includes(operationId);
  if (method !== "post") return aboutMembers ? [IF_MATCH] : [];
  const aboutRollout = /\/(?:rollouts|switch|undo|rollout\/[a-z]+|drain|ready)$/.test(path);
  const keeps = !["createToken", "planRollout"].includes(operationId);
  return [...(aboutRollout ? [IF_MATCH] : []), ...(keeps ? [IDEMPOTENCY_KEY] : [])];
}

/** Operations that answer a service, with its tag. */
const TAGGED = new Set(["getService", "setMembers", "resetMembers", "drainMember", "readyMember"]);

const TEXT = { schema: { type: "string" } };

function answerOf({ operationId }: Operation, status: string, answer: Answer): Answer {
  const content = answer.content === undefined ? {} : { content: withExamples(answer.content) };
  const name = answer.content?.["application/json"]?.schema?.$ref?.split("/").at(-1) ?? "";
  const example = EXAMPLES[name];
  const headers = {
    ...(TAGGED.has(operationId) && status === "200" ? { ETag: { description: "For If-Match.", ...TEXT } } : {}),
    ...(status === "201" && name === "Rollout" ? { Location: { description: "The path of the rollout.", ...TEXT } } : {}),
    ...(typeof example === "object" && example !== null && "next" in example
      ? { Link: { description: 'The next page, with `rel="next"`; absent at the end.', ...TEXT } }
      : {}),
  };
  return { ...answer, ...content, ...(Object.keys(headers).length === 0 ? {} : { headers }) };
}

/** A stream has an example of its own, which no schema describes. */
const STREAM =
  'retry: 2000\n\nid: 118\ndata: {"seq":118,"kind":"observing","text":"nginx serves 20 % to green", …}\n\n: heartbeat\n\n';

function withExamples(content: Content): Content {
  const examples = Object.entries(content).map(([type, one]) => {
    const name = type === PROBLEM_TYPE ? "Problem" : (one.schema?.$ref?.split("/").at(-1) ?? "");
    const example = type === "text/event-stream" ? STREAM : EXAMPLES[name];
    return [type, example === undefined ? one : { ...one, example }];
  });
  return Object.fromEntries(examples);
}
