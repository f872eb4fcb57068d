import type { HookRunner } from "../../src/core/ports.ts";

/** For services without hooks: whoever runs one all the same fails. */
export const noHooks: HookRunner = {
  run: ({ hook }) => Promise.reject(new Error(`nobody runs ${hook.name}`)),
  endLeftOver: () => Promise.resolve(),
};
