import { signal } from "@preact/signals";

const query = matchMedia("(prefers-color-scheme: dark)");

/** Rises when the reader changes between dark and light: what draws by itself draws anew. */
export const theme = signal(0);

query.addEventListener("change", () => {
  theme.value += 1;
});

/** A colour of the style sheet as a canvas takes it: the browser works out what the variable comes to. */
export function colour(of: Element, variable: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${variable})`;
  of.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
