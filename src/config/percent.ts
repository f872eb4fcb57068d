/** What a share looks like, for messages and for editors: two decimals, because a basis point is 0.01 %. */
export const SHARE_PATTERN = "^(100(\\.0{1,2})?|[1-9]?[0-9](\\.[0-9]{1,2})?)%$";

/** `5%`, `0.01%` in basis points, exactly; undefined for anything else, finer or above 100 % included. */
export function parseShare(text: string): number | undefined {
  if (!new RegExp(SHARE_PATTERN).test(text)) return undefined;
  const [whole = "", part = ""] = text.slice(0, -1).split(".");
  return Number(whole) * 100 + Number(part.padEnd(2, "0"));
}

/** Basis points as the percent that `parseShare` reads back. */
export function formatShare(bp: number): string {
  const part = String(bp % 100)
    .padStart(2, "0")
    .replace(/0+$/, "");
  return `${Math.floor(bp / 100)}${part === "" ? "" : `.${part}`}%`;
}

/** `2%` as the number 0.02, moved by its decimal point so that no rounding comes in; undefined for anything else. */
export function parseFraction(text: string): number | undefined {
  return /^[0-9]{1,9}(\.[0-9]{1,9})?%$/.test(text) ? Number(`${text.slice(0, -1)}e-2`) : undefined;
}
