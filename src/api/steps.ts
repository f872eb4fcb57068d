import type { CanaryStep } from "../core/service.ts";
import { never } from "../core/units.ts";
import type { ParsedSteps } from "./options.ts";
import { invalidInput, pointer } from "./validation.ts";

/** Canary steps from the body of a start; what is wrong with them is reported by JSON pointer, as with any other input. */
export function acceptSteps(parsed: ParsedSteps): readonly CanaryStep[] {
  switch (parsed.is) {
    case "steps":
      return parsed.steps;
    case "wrong":
      throw invalidInput(
        parsed.problems.map(({ path, message }) => ({ in: "body", pointer: pointer(parts(path)), detail: message })),
      );
    default:
      return never(parsed);
  }
}

/** `steps[0].for` as `steps`, `0`, `for`. */
function parts(path: string): readonly string[] {
  return path.split(/[.[\]]+/).filter((part) => part !== "");
}
