import { signal } from "@preact/signals";
import { hrefOf, route } from "./route.ts";

const KEY = "sluice.keys";

/** True while single keys do something: who speaks to the computer, or has no steady hand, turns them off. */
export const keysOn = signal(localStorage.getItem(KEY) !== "off");

export function setKeys(on: boolean): void {
  keysOn.value = on;
  localStorage.setItem(KEY, on ? "on" : "off");
}

/** True while the page shows what the keys do. */
export const helpShown = signal(false);

/** What a key does: where to look, and the buttons that it stands for. A verb that asks first still asks. */
export const KEYS: readonly (readonly [key: string, does: string])[] = [
  ["/", "search services"],
  ["?", "show or hide this"],
  ["g", "go to all services"],
  ["S", "start a rollout"],
  ["N", "advance, approve, go on"],
  ["P", "promote"],
  ["Z", "pause or resume"],
  ["A", "abort, at once"],
  ["R", "retry"],
  ["U", "undo"],
];

const VERBS: Readonly<Record<string, readonly string[]>> = {
  S: ["start"],
  N: ["advance"],
  P: ["promote"],
  Z: ["pause", "resume"],
  A: ["abort"],
  R: ["retry"],
  U: ["undo"],
};

/** Listens for keys until the page ends. What is typed into a field, or under a dialog, is left alone. */
export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (!keysOn.value || event.ctrlKey || event.metaKey || event.altKey || isTyped(event.target)) return;
    if (document.querySelector("dialog[open]") !== null) return;
    if (perform(event.key)) event.preventDefault();
  });
}

function isTyped(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, select, textarea, dialog") !== null;
}

function perform(key: string): boolean {
  if (key === "?") helpShown.value = true;
  else if (key === "g") location.hash = hrefOf({ at: "list", search: "", attention: false });
  else if (key === "/") search();
  else return press(VERBS[key] ?? []);
  return true;
}

function search(): void {
  if (route.value.at !== "list") location.hash = hrefOf({ at: "list", search: "", attention: false });
  requestAnimationFrame(() => setTimeout(() => document.getElementById("search")?.focus()));
}

/** The button itself decides whether it can be used. */
function press(verbs: readonly string[]): boolean {
  const button = verbs.flatMap((verb) => document.querySelector<HTMLButtonElement>(`button[data-verb="${verb}"]`) ?? [])[0];
  button?.focus();
  button?.click();
  return button !== undefined;
}
