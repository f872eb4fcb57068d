import type { Keys } from "./io.ts";

/** Hands over single keys of a terminal until it is disposed of; a sequence (an arrow, say) is handed over as a whole. */
export function openKeyboard(stdin: Keys, onKey: (key: string) => void): Disposable {
  const read = (chunk: Buffer | string) => {
    const text = chunk.toString();
    if (text.startsWith("\u001b")) onKey(text);
    else for (const key of text) onKey(key);
  };
  stdin.setRawMode?.(true);
  stdin.on("data", read);
  stdin.resume();
  return {
    [Symbol.dispose]: () => {
      stdin.off("data", read);
      stdin.setRawMode?.(false);
      stdin.pause();
    },
  };
}
