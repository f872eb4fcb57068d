/**
 * The switches of the whole pool: `POST /green/break?ratio=0.3` is passed on to every container that the name `green` has now.
 */
import { lookup } from "node:dns/promises";
import { createServer } from "node:http";

const POOLS = (process.env.POOLS ?? "blue,green").split(",");
const SWITCHES = ["break", "slow", "sick", "die", "mend"];
const MEMBER_PORT = Number(process.env.MEMBER_PORT ?? 8080);
const USAGE = `POST /POOL/SWITCH, with POOL one of ${POOLS.join(", ")}, and SWITCH one of break?ratio=0.3, slow?ms=500, sick, die, mend\n`;

async function toAll(pool: string, path: string): Promise<string> {
  const addresses = await lookup(pool, { all: true, family: 4 });
  const answers = await Promise.all(
    addresses.map(async ({ address }) => {
      const answer = await fetch(`http://${address}:${MEMBER_PORT}/${path}`, {
        method: "POST",
        signal: AbortSignal.timeout(2_000),
      });
      return answer.text();
    }),
  );
  return answers.join("");
}

const server = createServer(async (request, response) => {
  request.resume();
  const { pathname, search } = new URL(request.url ?? "/", "http://switches");
  const [, pool = "", name = ""] = pathname.split("/");
  if (request.url === "/healthz") return void response.end("ok\n");
  if (request.method !== "POST" || !POOLS.includes(pool) || !SWITCHES.includes(name))
    return void response.writeHead(404, { "content-type": "text/plain" }).end(USAGE);
  try {
    response.end(await toAll(pool, `${name}${search}`));
  } catch (error) {
    response.writeHead(502, { "content-type": "text/plain" }).end(`${pool} could not be told: ${String(error)}\n`);
  }
});

server.listen(8080);
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
