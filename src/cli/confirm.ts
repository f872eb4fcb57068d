import { createInterface } from "node:readline/promises";
import type { Context } from "./context.ts";

/**
 * Asks a person before something with an effect that is stated in the question. Scripts are never asked: they named the
 * command themselves, and a question that nobody answers would hang them.
 */
export async function confirmed(context: Context, question: string, yes: boolean): Promise<boolean> {
  const { stdin, stderr } = context.io;
  if (yes || !context.flags.input || stdin.isTTY !== true) return true;
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
