// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { expect, test } from "vitest";
import { problemsOf, withWeb } from "../support/sluice-yaml.ts";

const at = (point: string, hook: string) => withWeb(`    hooks:\n      ${point}: ${hook}\n`);
const notify = (one: string) => withWeb("", `notify: [${one}]\n`);
const freeze = (one: string) => withWeb(`    freeze: [${one}]\n`);
const roll = (rolling: string) => withWeb(`    rolling:\n      pool: blue\n      spares: [127.0.0.1:9001]\n      ${rolling}\n`);
const HOOK = 'a list of a program and its arguments, such as [./deploy.sh, "{member}"], { command: [...] } or { post: URL }';
const NAMES = "{rollout}, {service}, {pool}, {version}, {step}";
const SCRIPT = "(braces that are meant as they stand belong into a script)";

test.each<[what: string, text: string, ...expected: string[]]>([
  [
    "a hook that is a text",
    at("afterStep", "./x.sh"),
    `sluice.yaml:8:18 services.web.hooks.afterStep: "./x.sh" is not allowed; it must be ${HOOK}, or a list of those`,
  ],
  [
    "a hook of nothing",
    at("afterStep", "[]"),
    `sluice.yaml:8:18 services.web.hooks.afterStep: an empty list is not allowed; it must be ${HOOK}, or a list of those`,
  ],
  [
    "a point that there is not",
    at("beforeSteps", "[a]"),
    'sluice.yaml:8:7 services.web.hooks.beforeSteps: is not a key of hooks; did you mean "beforeStep"? allowed: beforeStart, beforeStep, afterStep, beforePromote, afterPromote, afterRevert, onFailed',
  ],
  [
    "an argument that is a number",
    at("afterStep", "[./x.sh, 3]"),
    "sluice.yaml:8:27 services.web.hooks.afterStep[1]: 3 is not allowed; it must be a text",
  ],
  [
    "an argument that is a number, in a list of hooks",
    at("afterStep", "[[./x.sh, 3], [b]]"),
    "sluice.yaml:8:28 services.web.hooks.afterStep[0][1]: 3 is not allowed; it must be a text",
  ],
  [
    "a typo in the second hook of a list",
    at("afterStep", '[[a], { post: "http://h/", timout: 1s }]'),
    'sluice.yaml:8:45 services.web.hooks.afterStep[1].timout: is not a key of a hook; did you mean "timeout"? allowed: command, env, post, headers, secret, ca, timeout, deadline, name',
  ],
  [
    "a hook of both kinds",
    at("afterStep", '{ command: [a], post: "http://h/" }'),
    "sluice.yaml:8:18 services.web.hooks.afterStep: says both command and post; a hook is exactly one of the two",
  ],
  [
    "a hook of no kind",
    at("afterStep", "{ name: a }"),
    "sluice.yaml:8:18 services.web.hooks.afterStep: says neither command nor post; a hook is exactly one of the two",
  ],
  [
    "a deadline of a program",
    at("afterStep", "{ command: [a], deadline: 1m }"),
    "sluice.yaml:8:44 services.web.hooks.afterStep.deadline: has no effect with command; remove it",
  ],
  [
    "variables of a call",
    at("afterStep", '{ post: "http://h/", env: { A: b } }'),
    "sluice.yaml:8:44 services.web.hooks.afterStep.env: has no effect with post; remove it",
  ],
  [
    "one try that takes longer than all",
    at("afterStep", '{ post: "http://h/", timeout: 2m, deadline: 1m }'),
    "sluice.yaml:8:48 services.web.hooks.afterStep.timeout: the timeout of 2m for one try is longer than the deadline of 1m for all; it must be at most 1m",
  ],
  [
    "a call of no address",
    at("afterStep", '{ post: "ftp://h/" }'),
    "sluice.yaml:8:26 services.web.hooks.afterStep.post: is not an address; it must start with http:// or https:// and name a host",
  ],
  [
    "a call with a password in it",
    at("afterStep", '{ post: "http://u:p@h/" }'),
    "sluice.yaml:8:26 services.web.hooks.afterStep.post: has a user or a password in it",
  ],
  [
    "a version that chooses who is asked",
    at("afterStep", '{ post: "http://{version}.example/" }'),
    "sluice.yaml:8:26 services.web.hooks.afterStep.post: may not have {version} in its host",
  ],
  [
    "a token in a header",
    at("afterStep", '{ post: "http://h/", headers: { Authorization: Bearer x } }'),
    'sluice.yaml:8:65 services.web.hooks.afterStep.headers.Authorization: looks like a secret; it must come from a variable of the environment such as "${NAME}", or from { file: PATH }',
  ],
  [
    "a variable that Sluice sets itself",
    at("afterStep", "{ command: [a], env: { SLUICE_POOL: b } }"),
    "sluice.yaml:8:41 services.web.hooks.afterStep.env.SLUICE_POOL: is set by Sluice itself; choose another name",
  ],
  [
    "a header that Sluice sends itself",
    notify('{ webhook: "http://w/", headers: { Content-Type: text/plain } }'),
    "sluice.yaml:1:45 notify[0].headers.Content-Type: is set by Sluice itself; choose another name",
  ],
  [
    "a key in the file itself",
    at("afterStep", '{ post: "http://h/", secret: hunter2 }'),
    'sluice.yaml:8:47 services.web.hooks.afterStep.secret: is not a secret as Sluice takes it; it must be a variable of the environment such as "${NAME}", or { file: PATH }',
  ],
  [
    "a name that stands for nothing",
    at("afterStep", '[./x.sh, "{pol}"]'),
    `sluice.yaml:8:27 services.web.hooks.afterStep[1]: {pol} is not known; did you mean {pool}? allowed: ${NAMES} ${SCRIPT}`,
  ],
  [
    "a name that stands for nothing, in a block",
    at("afterStep", '{ command: [./x.sh, "{pol}"] }'),
    `sluice.yaml:8:38 services.web.hooks.afterStep.command[1]: {pol} is not known; did you mean {pool}? allowed: ${NAMES} ${SCRIPT}`,
  ],
  [
    "a name that stands for nothing, in a variable of the second hook",
    at("afterStep", '[[a], { command: [b], env: { P: "{pol}" } }]'),
    `sluice.yaml:8:50 services.web.hooks.afterStep[1].env.P: {pol} is not known; did you mean {pool}? allowed: ${NAMES} ${SCRIPT}`,
  ],
  [
    "a member where there is none",
    at("afterStep", '[./x.sh, "{member}"]'),
    "sluice.yaml:8:27 services.web.hooks.afterStep[1]: {member} is not filled in here: this is called once, for no one of the members",
  ],
  [
    "the braces of a metric",
    at("afterStep", '[./x.sh, "{{pool}}"]'),
    "sluice.yaml:8:27 services.web.hooks.afterStep[1]: {{pool}} is not filled in here; write {pool}",
  ],
  [
    "variables, and braces of curl and JSON, which are right",
    at("afterStep", `[curl, "\${pool:-x}", -w, "%{http_code}", '{"a": {}}']`),
  ],
  [
    "a name that stands for nothing, in deploy",
    roll('deploy: [./d.sh, "{membr}"]'),
    `sluice.yaml:10:24 services.web.rolling.deploy[1]: {membr} is not known; did you mean {member}? allowed: {rollout}, {service}, {pool}, {member}, {version}, {step} ${SCRIPT}`,
  ],
  [
    "a name that stands for nothing, in a rollback with a batch",
    roll('deploy: [./d.sh]\n      rollback: { hook: [./b.sh, "{membr}"], batch: 1 }'),
    `sluice.yaml:11:34 services.web.rolling.rollback.hook[1]: {membr} is not known; did you mean {member}? allowed: {rollout}, {service}, {pool}, {member}, {version}, {step} ${SCRIPT}`,
  ],
  [
    "a typo beside the hook of a rollback",
    roll("deploy: [./d.sh]\n      rollback: { hook: [./b.sh], dely: 1s }"),
    'sluice.yaml:11:35 services.web.rolling.rollback.dely: is not a key of rollback; did you mean "delay"? allowed: hook, batch, delay',
  ],
  [
    "a typo in a rollback hook",
    roll("deploy: [./d.sh]\n      rollback: { comand: [./b.sh] }"),
    'sluice.yaml:11:19 services.web.rolling.rollback.comand: is not a key of a hook; did you mean "command"? allowed: command, env, post, headers, secret, ca, timeout, deadline, name',
  ],
  [
    "a person's time where nobody is asked",
    withWeb("    canary: { steps: [{ share: 10%, for: 1m, within: 1h }] }\n"),
    "sluice.yaml:7:54 services.web.canary.steps[0].within: goes with until: approved, for how long a person may take; remove it",
  ],
  [
    "an end without a time",
    withWeb("    canary: { steps: [{ share: 10%, until: approved, then: abort }] }\n"),
    "sluice.yaml:7:60 services.web.canary.steps[0].then: goes with within, for what happens after that; give it, or remove this",
  ],
  [
    "a day that there is not",
    freeze("{ days: [sat, sunday] }"),
    'sluice.yaml:7:28 services.web.freeze[0].days[1]: "sunday" is not allowed; it must be one of mon, tue, wed, thu, fri, sat, sun',
  ],
  [
    "an hour that there is not",
    freeze('{ from: "24:30" }'),
    'sluice.yaml:7:22 services.web.freeze[0].from: "24:30" is not allowed; it must be a time of the day from 00:00 to 24:00, such as 09:30',
  ],
  [
    "a time zone that there is not",
    freeze("{ days: [sat], zone: Europe/Berln }"),
    'sluice.yaml:7:35 services.web.freeze[0].zone: "Europe/Berln" is not allowed; it must be the name of a time zone, such as UTC or Europe/Berlin (did you mean "Europe/Berlin"?)',
  ],
  [
    "a freeze that is no list",
    withWeb("    freeze: { days: [sat] }\n"),
    "sluice.yaml:7:13 services.web.freeze: a block of keys is not allowed; it must be a list of freezes, such as [{ name: weekend, days: [sat, sun], zone: Europe/Berlin }]",
  ],
  [
    "a notifier over two ways",
    notify('{ slack: "http://s/", webhook: "http://w/" }'),
    "sluice.yaml:1:10 notify[0]: says webhook and slack; a notifier is exactly one of { webhook: URL }, { slack: URL } and { command: [...] }",
  ],
  [
    "a notifier over no way",
    notify("{ on: [held] }"),
    "sluice.yaml:1:10 notify[0]: says none of webhook, slack and command; a notifier is exactly one of { webhook: URL }, { slack: URL } and { command: [...] }",
  ],
  [
    "a signature for slack",
    notify('{ slack: "http://s/", secret: "${X:-y}" }'),
    "sluice.yaml:1:40 notify[0].secret: has no effect with slack; remove it",
  ],
  [
    "an event that there is not",
    notify("{ command: [a], on: [hold] }"),
    'sluice.yaml:1:31 notify[0].on[0]: "hold" is not allowed; it must be one of started, step, held, reverted, promoted, failed',
  ],
  [
    "a service that there is not",
    notify("{ command: [a], services: [wep] }"),
    'sluice.yaml:1:37 notify[0].services[0]: "wep" is not a service; did you mean "web"? allowed: web',
  ],
  [
    "an address that is none",
    notify("{ webhook: ops.example }"),
    "sluice.yaml:1:21 notify[0].webhook: is not an address; it must start with http:// or https:// and name a host",
  ],
  [
    "two notifiers of one name",
    notify("{ command: [a] }, { command: [/b/a] }"),
    "sluice.yaml:1:28 notify[1]: is the second notifier called a; give it a name: of its own",
  ],
  [
    "a name that stands for nothing, in a notifier",
    notify('{ command: [a, "{txt}"] }'),
    `sluice.yaml:1:25 notify[0].command[1]: {txt} is not known; did you mean {text}? allowed: ${NAMES}, {event}, {text} ${SCRIPT}`,
  ],
  [
    "a notifier in a file that is wrong elsewhere too",
    `${notify("{ command: [a], services: [wep] }")}    routng: live\n`,
    'sluice.yaml:1:37 notify[0].services[0]: "wep" is not a service; did you mean "web"? allowed: web',
    'sluice.yaml:8:5 services.web.routng: is not a key of a service; did you mean "routing"? allowed: routing, key, overrides, tries, pools, stable, targets, health, metrics, canary, blueGreen, rolling, hooks, freeze',
  ],
])("%s", (_what, text, ...expected) => {
  expect(problemsOf(text)).toEqual(expected);
});
