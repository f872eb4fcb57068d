import { expect, test } from "vitest";
import { problemsOf, withWeb } from "../support/sluice-yaml.ts";

test.each<[what: string, text: string, ...expected: string[]]>([
  [
    "an unknown target",
    withWeb("    targets: [edge]\n"),
    'sluice.yaml:7:15 services.web.targets[0]: "edge" is not an nginx target; it must be one of local',
  ],
  [
    "a target named like a property of all objects",
    withWeb("    targets: [constructor]\n"),
    'sluice.yaml:7:15 services.web.targets[0]: "constructor" is not an nginx target; it must be one of local',
  ],
  [
    "the reserved name",
    withWeb("").replace("web:", "sluice:"),
    "sluice.yaml:2:3 services.sluice: is reserved for Sluice's own parts; choose a name that is not sluice and does not start with sluice-",
  ],
  [
    "names that meet in nginx",
    `${withWeb("")}  web-blue: { stable: a, pools: { a: { members: ["x:1"] }, b: { members: ["y:1"] } } }\n`,
    "sluice.yaml:7:3 services.web-blue: would use the nginx upstream name web_blue, and so would the service web; rename one of the two",
  ],
  [
    "an open API without TLS",
    withWeb("", "api: { listen: 0.0.0.0:7070 }\n"),
    "sluice.yaml:1:16 api.listen: 0.0.0.0:7070 can be reached from other machines without TLS; listen on 127.0.0.1 or unix:PATH, give tls the files cert and key, or say tls: elsewhere where something in front speaks TLS",
  ],
  [
    "TLS that is neither",
    withWeb("", "api: { tls: maybe }\n"),
    'sluice.yaml:1:13 api.tls: "maybe" is not allowed; it must be none, elsewhere, or a block with the keys cert and key, such as { cert: /etc/sluice/tls.crt, key: /etc/sluice/tls.key }',
  ],
  [
    "TLS on a unix socket",
    withWeb("", "api: { listen: 'unix:/run/api.sock', tls: { cert: a, key: b } }\n"),
    "sluice.yaml:1:43 api.tls: is for addresses: a unix socket, which only this machine reaches, speaks none",
  ],
  [
    "an open API without tokens",
    withWeb("", "api: { listen: '[::]:7070', tls: elsewhere, auth: none }\n"),
    "sluice.yaml:1:51 api.auth: none is allowed on loopback addresses and unix sockets only, and the API listens on [::]:7070; it must be token",
  ],
  [
    "an include below /run",
    withWeb("", "nginx: { include: /run/sluice }\n"),
    "sluice.yaml:1:19 nginx.include: /run/sluice is under /run, which is emptied at every start of the machine; nginx could not start then: it must be another folder",
  ],
  [
    "tables below /var/run, by a detour",
    withWeb("", "nginx: { tables: /var/lib/../run/x }\n"),
    "sluice.yaml:1:18 nginx.tables: /var/run/x is under /run, which is emptied at every start of the machine; nginx could not start then: it must be another folder",
  ],
  [
    "tables in the state",
    withWeb("", "state: /s\nnginx: { tables: /s/t }\n"),
    "sluice.yaml:2:18 nginx.tables: /s/t and the state folder /s lie within each other; nginx reads the one and may not read the other: keep them apart",
  ],
  [
    "an open status",
    withWeb("", "nginx: { status: 10.0.0.1:7071 }\n"),
    "sluice.yaml:1:18 nginx.status: 10.0.0.1:7071 can be reached from other machines; it must be a loopback address, such as 127.0.0.1:7071",
  ],
  [
    "a reload without a test",
    withWeb("", "nginx: { reload: [x] }\n"),
    "sluice.yaml:1:1 nginx.test: is missing beside reload; it must be a list of a program and its arguments, such as [docker, exec, edge, nginx, -s, reload], or none where no nginx of the same build is at hand",
  ],
  [
    "a test without a reload",
    withWeb("", "nginx: { test: [x] }\n"),
    "sluice.yaml:1:16 nginx.test: has no effect without reload; give both, or neither to test with binary and config",
  ],
  [
    "an open status of an nginx elsewhere",
    withWeb("", "nginx: { test: none, reload: [x], status: 10.0.0.1:7071 }\n"),
    "sluice.yaml:1:43 nginx.status: 10.0.0.1:7071 can be reached from other machines; it must be a loopback address, such as 127.0.0.1:7071",
  ],
  [
    "a status socket below /run",
    withWeb("", "nginx: { status: 'unix:/run/sluice/status.sock' }\n"),
    "sluice.yaml:1:18 nginx.status: /run/sluice/status.sock is under /run, which is emptied at every start of the machine; nginx could not start then: it must be another folder",
  ],
  [
    "a status that is no address",
    withWeb("", "nginx: { status: 'unix:' }\n"),
    'sluice.yaml:1:18 nginx.status: "unix:" is not allowed; it must be host:port or unix:PATH, such as 127.0.0.1:7071 or unix:/var/lib/sluice/nginx/status.sock',
  ],
  [
    "a typo in one of two targets",
    withWeb("", "nginx:\n  a: { includ: /a }\n  b: { include: /b, tables: /bt, status: '127.0.0.1:1' }\n"),
    'sluice.yaml:2:8 nginx.a.includ: is not a key of an nginx target; did you mean "include"? allowed: binary, config, pid, include, tables, status, test, reload, closing, deadline',
  ],
  [
    "two targets with one folder",
    withWeb("", "nginx:\n  a: { tables: /at, status: '127.0.0.1:1' }\n  b: { tables: /bt, status: '127.0.0.1:2' }\n"),
    "sluice.yaml:3:3 nginx.b.include: /etc/nginx/sluice is also the include of the target a; each target needs its own",
  ],
])("%s", (_what, text, ...expected) => {
  expect(problemsOf(text)).toEqual(expected);
});
