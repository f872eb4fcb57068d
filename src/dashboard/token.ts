import { signal } from "@preact/signals";

const KEY = "sluice.token";

/** The token of this tab; empty where none was given yet, which is all that a controller without authentication needs. */
export const token = signal(sessionStorage.getItem(KEY) ?? "");

/** Kept for this tab alone, and gone when it is closed. */
export function keepToken(text: string): void {
  token.value = text;
  if (text === "") sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, text);
}

/** Takes a token out of `#token=…`, which is never sent to a server, and out of the address and the tab's history. */
export function takeTokenFromAddress(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null) return;
  keepToken(given.trim());
  history.replaceState(null, "", `${location.pathname}#/`);
}
