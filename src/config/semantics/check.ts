import { apiRules } from "./api.ts";
import { freezeRules } from "./freeze.ts";
import { memberRules } from "./members.ts";
import { nameRules } from "./names.ts";
import { nginxRules } from "./nginx.ts";
import { notifyRules } from "./notify.ts";
import { rampRules } from "./ramp.ts";
import type { Judgement, Rule, Subject } from "./rule.ts";
import { serviceRules } from "./service.ts";
import { strategyRules } from "./strategy.ts";

const RULES: readonly Rule[] = [
  apiRules,
  nginxRules,
  freezeRules,
  notifyRules,
  nameRules,
  memberRules,
  serviceRules,
  strategyRules,
  rampRules,
];

/** Everything that a schema cannot see: rules between the parts of a configuration. */
export function judge(subject: Subject): Judgement[] {
  return RULES.flatMap((rule) => [...rule(subject)]);
}
