import { at, type Finding, place } from "../finding.ts";
import { isPass, ownUpstreams, passHost, type Survey } from "../survey.ts";
import { type Directive, inForce } from "../tree.ts";

/** The user's upstreams, and members that are reached past Sluice. */
export function upstreams(survey: Survey): Finding[] {
  const users = survey.all.filter(
    (one) => one.name === "upstream" && one.block !== null && one.parent === survey.http && !survey.isOwn(one),
  );
  return [...collisions(survey, users), ...members(survey, users), ...many(survey), ...backups(survey), ...failTimes(survey)];
}

function collisions(survey: Survey, users: readonly Directive[]): Finding[] {
  const owners = new Map(survey.services.flatMap((service) => ownUpstreams(service).map((name) => [name, service] as const)));
  return users.flatMap((upstream) => {
    const name = upstream.args[0]?.toLowerCase() ?? "";
    const service = owners.get(name);
    if (service === undefined) return [];
    const servers = (upstream.block ?? []).filter((one) => one.name === "server").map((one) => one.args[0]);
    const message = `upstream ${name} is defined here, and Sluice renders an upstream of that name: nginx refuses the whole configuration (duplicate upstream "${name}")`;
    const fix = `Remove lines ${upstream.line} to ${upstream.endLine} of ${upstream.file}, and list its servers as members in sluice.yaml: ${servers.join(", ")}`;
    return [at(upstream, "error", "upstream-collision", service.name, { message, fix })];
  });
}

/** Members that other upstreams or locations name: requests that come to them past the shares. */
function members(survey: Survey, users: readonly Directive[]): Finding[] {
  const owners = new Map(
    survey.services.flatMap((service) =>
      Object.values(service.pools).flatMap((pool) => pool.members.map((one) => [one, service] as const)),
    ),
  );
  const own = new Set(survey.services.flatMap(ownUpstreams));
  const others = users.filter((upstream) => !own.has(upstream.args[0]?.toLowerCase() ?? ""));
  const servers = others.flatMap((upstream) => (upstream.block ?? []).filter((one) => one.name === "server"));
  const passes = survey.all.filter((one) => isPass(one) && !survey.isOwn(one));
  return [...servers, ...passes].flatMap((directive) => {
    const address =
      directive.name === "server" ? directive.args[0] : /^(?:[a-z]+:\/\/)?([^/]+)/i.exec(directive.args[0] ?? "")?.[1];
    const service = owners.get(address ?? "");
    if (service === undefined) return [];
    const message = `${address} is a member of ${service.name}, and is reached here past Sluice: these requests follow no share, and go on while the member is drained`;
    const fix = `Pass them to the service instead, or leave it where that is meant (a status page of one member).`;
    return [at(directive, "info", "member-bypasses", service.name, { message, fix })];
  });
}

const MANY = 500;

/** By a variable, nginx finds an upstream by comparing its name with all of them. */
function many(survey: Survey): Finding[] {
  const use = survey.uses.find((one) => one.form === "server");
  const rendered = new Set(survey.all.filter((one) => one.name === "upstream").map((one) => one.args[0]?.toLowerCase()));
  for (const name of survey.services.flatMap(ownUpstreams)) rendered.add(name);
  if (use === undefined || rendered.size <= MANY) return [];
  const message = `nginx has ${rendered.size} upstreams, and looks for "$…_pool" by comparing names one after the other, for each request (measured: 11 microseconds of CPU more with 2 000 of them)`;
  const fix = `Use the location form, whose names are static: instead of proxy_pass write\n    include ${survey.target.include}/current/SERVICE.location.conf;`;
  return [at(use.at, "info", "many-upstreams", null, { message, fix })];
}

/** nginx goes to backup members only after every other one was tried. */
function backups(survey: Survey): Finding[] {
  const upstreamsByName = new Map(
    survey.all.filter((one) => one.name === "upstream").map((one) => [one.args[0]?.toLowerCase() ?? "", one]),
  );
  return survey.uses.flatMap((use) => {
    const names = use.form === "weighted" ? [passHost(use.at.args[0] ?? "")?.toLowerCase() ?? ""] : ownUpstreams(use.service);
    return names.flatMap((name) => {
      const servers = (upstreamsByName.get(name)?.block ?? []).filter(
        (one) => one.name === "server" && !one.args.includes("down"),
      );
      const first = servers.filter((one) => !one.args.includes("backup")).length;
      const backup = servers.find((one) => one.args.includes("backup"));
      const tries = Number(inForce(use.block, "proxy_next_upstream_tries")[0]?.args[0] ?? 0);
      if (backup === undefined || (tries >= first + 1 && tries <= 3)) return [];
      const wanted = Math.min(first + 1, 3);
      const message = `upstream ${name} has backup members (${place(backup)}) behind ${first} others, and proxy_next_upstream_tries is ${tries === 0 ? "not set" : tries}: ${
        first > 2
          ? "with more than 2 members before them, a request is lost or waits for too many"
          : "a request gives up before a backup is reached, or tries without limit"
      }`;
      const fix = `Add to the location, with a time above proxy_read_timeout x ${first}:\n    proxy_next_upstream_tries ${wanted};`;
      return [at(use.at, first > 2 ? "error" : "warning", "backup-tries", use.service.name, { message, fix })];
    });
  });
}

/** `max_fails` above 0: nginx itself takes members out, and the share goes with them. */
function failTimes(survey: Survey): Finding[] {
  return survey.services.flatMap((service) => {
    const use = survey.uses.find((one) => one.service.name === service.name);
    if (service.tries.maxFails === 0 || use === undefined) return [];
    const effect =
      service.routing === "weighted"
        ? "three failed requests on the stable pool send its traffic to the candidate until fail_timeout is over (measured: 955 of 1 000 requests to a 10 % canary)"
        : "a pool whose members each drop one connection answers 502 until fail_timeout is over (measured: 10 s)";
    const message = `max_fails is ${service.tries.maxFails} for ${service.name}: nginx takes members out beside Sluice's health checks, and ${effect}`;
    return [
      at(use.at, "warning", "max-fails", service.name, {
        message,
        fix: "Set max_fails to 0 for the service in sluice.yaml: Sluice's health checks take dead members out.",
      }),
    ];
  });
}
