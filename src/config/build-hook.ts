import { anchorCommand, anchorSecret, anchorSecrets, type From } from "./anchor.ts";
import type { Notifier, Service } from "./config.ts";

type Hook = Service["hooks"]["beforeStart"][number];

/** A hook whose files are whole. */
export function buildHook(hook: Hook, from: From): Hook {
  if (hook.do === "command") return { ...hook, command: anchorCommand(hook.command, from), env: anchorSecrets(hook.env, from) };
  const { headers, secret, ca } = hook;
  return {
    ...hook,
    headers: anchorSecrets(headers, from),
    secret: secret === null ? null : anchorSecret(secret, from),
    ca: ca === null ? null : from(ca),
  };
}

export function buildHooks(hooks: Service["hooks"], from: From): Service["hooks"] {
  const at = (list: readonly Hook[]): Hook[] => list.map((hook) => buildHook(hook, from));
  return {
    beforeStart: at(hooks.beforeStart),
    beforeStep: at(hooks.beforeStep),
    afterStep: at(hooks.afterStep),
    beforePromote: at(hooks.beforePromote),
    afterPromote: at(hooks.afterPromote),
    afterRevert: at(hooks.afterRevert),
    onFailed: at(hooks.onFailed),
  };
}

export function buildRolling(rolling: Service["rolling"], from: From): Service["rolling"] {
  if (rolling === null) return null;
  const { deploy, rollback } = rolling;
  return {
    ...rolling,
    deploy: buildHook(deploy, from),
    rollback: rollback === null ? null : { ...rollback, hook: buildHook(rollback.hook, from) },
  };
}

export function buildNotifier(notifier: Notifier, from: From): Notifier {
  switch (notifier.to) {
    case "command":
      return { ...notifier, command: anchorCommand(notifier.command, from), env: anchorSecrets(notifier.env, from) };
    case "slack":
      return { ...notifier, url: anchorSecret(notifier.url, from), ca: notifier.ca === null ? null : from(notifier.ca) };
    case "webhook": {
      const { url, headers, secret, ca } = notifier;
      return {
        ...notifier,
        url: anchorSecret(url, from),
        headers: anchorSecrets(headers, from),
        secret: secret === null ? null : anchorSecret(secret, from),
        ca: ca === null ? null : from(ca),
      };
    }
  }
}
