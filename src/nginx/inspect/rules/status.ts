import { at, type Finding } from "../finding.ts";
import type { Survey } from "../survey.ts";
import { type Directive, within } from "../tree.ts";

type Address = { readonly host: string; readonly from: number; readonly to: number };

/** The status server's address: free of the user's own servers, and no socket file that outlives nginx. */
export function status(survey: Survey): Finding[] {
  const { status: address } = survey.target;
  if (address.startsWith("unix:")) return socket(survey, address);
  const own = parseListen(address);
  if (own === null) return [];
  const listens = survey.all.filter((one) => one.name === "listen" && one.parent?.name === "server" && !survey.isOwn(one));
  return listens.flatMap((listen) => {
    const other = parseListen(listen.args[0] ?? "");
    if (other === null || other.to < own.from || other.from > own.from) return [];
    const everywhere = other.host === "*" && own.host !== "*";
    const dual = other.host === "[::]" && own.host !== "[::]" && listen.args.includes("ipv6only=off");
    if (other.host !== own.host && !everywhere && !dual) return [];
    return [taken(listen, address, dual || within(listen, "http") === null ? "bind" : everywhere ? "wildcard" : "same")];
  });
}

/** `bind`: two sockets for one port; `wildcard` and `same`: one socket of nginx's for two servers. */
function taken(listen: Directive, address: string, how: "bind" | "wildcard" | "same"): Finding {
  const effect = {
    bind: "nginx cannot open the port twice, and keeps the old configuration, or does not start",
    wildcard: `connections to ${address} would come to Sluice's status server instead of this one`,
    same: "nginx gives requests to the server that comes first, so that Sluice would read this server's answers, and could prove no change",
  }[how];
  const message = `this server listens on ${listen.args[0]}, and Sluice's status server on ${address}: ${effect}`;
  return at(listen, "error", "status-address-taken", null, {
    message,
    fix: "Give Sluice another free loopback port in sluice.yaml:\n    nginx: { status: 127.0.0.1:PORT }",
  });
}

function socket(survey: Survey, address: string): Finding[] {
  const place = survey.http ?? survey.tree.directives[0];
  if (place === undefined) return [];
  const message = `the status server listens on ${address}: an nginx that was killed (SIGKILL, out of memory) leaves the socket file behind, and cannot start again until somebody removes it (bind() failed: Address already in use)`;
  const fix =
    "Use a loopback port in sluice.yaml:\n    nginx: { status: 127.0.0.1:7071 }\nor make nginx's start remove the file (systemd: ExecStartPre=/bin/rm -f PATH).";
  return [at(place, "warning", "status-unix-socket", null, { message, fix })];
}

/** What a `listen` opens: an address (`*` is all) and a range of ports; null for sockets and names. */
function parseListen(text: string): Address | null {
  if (text.startsWith("unix:")) return null;
  const found = /^(?:(\[[^\]]*\]|\*|[^:[\]]*?):)?(\d+)(?:-(\d+))?$/.exec(text);
  if (found === null) return /^\[[^\]]*\]$|^[A-Za-z0-9.*-]+$/.test(text) ? { host: hostOf(text), from: 80, to: 80 } : null;
  const [, host = "*", from = "80", to = from] = found;
  return { host: hostOf(host), from: Number(from), to: Number(to) };
}

function hostOf(host: string): string {
  const lower = host.toLowerCase();
  return lower === "0.0.0.0" ? "*" : lower === "localhost" ? "127.0.0.1" : lower;
}
