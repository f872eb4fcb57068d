/**
 * The application: `app.ts VERSION PORT`, with DATABASE. It answers `POST /people`, `GET` and `PUT /people/ID`, and `GET /healthz`. It
 * ends with SIGTERM, and where whoever started it is gone.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { missing, openDatabase } from "./database.ts";
import { BEAT_MS, beat, leave } from "./instances.ts";
import type { People } from "./people.ts";
import { RELEASES, versionOf } from "./releases.ts";

const { DATABASE } = process.env;
if (DATABASE === undefined || DATABASE === "") throw new Error("DATABASE names no file");
const version = versionOf(process.argv[2]);
const port = Number(process.argv[3]);
const { needs, people: open } = RELEASES[version];
const database = openDatabase(DATABASE);
const instance = { address: `127.0.0.1:${port}`, version, needs };
let opened: People | null = null;

/** Its statements name columns, so they are made when those are there. */
function people(): People {
  opened ??= open(database);
  return opened;
}

type Answer = { readonly status: number; readonly body: unknown };
const NOT_FOUND: Answer = { status: 404, body: { error: "not found" } };

/** Healthy is who can work with this database: before the expand step v2 is not, and after the contract step v1 and v2 are not. */
function health(): Answer {
  const gone = missing(database, needs);
  return gone.length === 0
    ? { status: 200, body: { version } }
    : { status: 503, body: { error: `${version} needs ${gone.join(", ")}, which the database does not have` } };
}

async function answer(request: IncomingMessage): Promise<Answer> {
  const { method = "", url = "" } = request;
  if (url === "/healthz") return health();
  if (method === "POST" && url === "/people") {
    const name = await nameIn(request);
    return { status: 201, body: { id: people().add(name), name } };
  }
  const id = Number(/^\/people\/(?<id>\d+)$/.exec(url)?.groups?.id ?? Number.NaN);
  if (Number.isNaN(id)) return NOT_FOUND;
  if (method === "PUT") {
    const name = await nameIn(request);
    return people().rename(id, name) ? { status: 200, body: { id, name } } : NOT_FOUND;
  }
  const person = people().find(id);
  return person === null ? NOT_FOUND : { status: 200, body: person };
}

async function nameIn(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return String(JSON.parse(text).name).trim();
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, body } = await answer(request).catch((error: unknown) => ({ status: 500, body: { error: String(error) } }));
  response.writeHead(status, { "content-type": "application/json", "x-version": version }).end(JSON.stringify(body));
}

// It is in the list before it is healthy, and leaves the list when it answers nobody any more.
beat(database, instance, Date.now());
const beating = setInterval(() => beat(database, instance, Date.now()), BEAT_MS);
const server = createServer((request, response) => void serve(request, response)).listen(port, "127.0.0.1");
await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT"), once(process.stdin.resume(), "end")]);
clearInterval(beating);
server.close();
server.closeIdleConnections();
await once(server, "close");
leave(database, instance.address);
database.close();
process.stdin.destroy();
