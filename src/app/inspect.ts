import { setTimeout as wait } from "node:timers/promises";
import type { Ms } from "../core/units.ts";
import { Refused, textOf } from "../metrics/body.ts";
import { type Format, type Page, parse } from "../metrics/exposition.ts";
import { fetchPage } from "../metrics/fetch.ts";
import { changeOf, type PageChange } from "../metrics/page-change.ts";

/** Where a page comes from: an address, or bytes that were read already. */
export type PageSource = { readonly url: URL } | { readonly body: Buffer };

export type InspectOptions = {
  /** Overrules what the page says that it is, and what it looks like. */
  readonly format: Format | null;
  /** Reads a second time after this; null reads once. */
  readonly intervalMs: Ms | null;
  readonly timeoutMs: Ms;
};

/** What Sluice reads from a page; or why there is none, `content` where something was there that is no page. */
export type Inspected =
  | { readonly ok: true; readonly page: Page; readonly text: string; readonly format: Format; readonly change: PageChange | null }
  | { readonly ok: false; readonly reason: string; readonly content: boolean };

/** Reads a metrics page as the source `scrape` does, and a second time where an interval is given. */
export async function inspectPage(source: PageSource, options: InspectOptions): Promise<Inspected> {
  const first = await readPage(source, options);
  if (!first.ok || options.intervalMs === null || hasErrors(first.page)) return first;
  await wait(options.intervalMs);
  const second = await readPage(source, options);
  if (!second.ok || hasErrors(second.page)) return second;
  return { ...second, change: changeOf(first.page, second.page) };
}

function hasErrors(page: Page): boolean {
  return page.problems.some(({ level }) => level === "error");
}

async function readPage(source: PageSource, options: InspectOptions): Promise<Inspected> {
  const read = "url" in source ? await fetched(source.url, options.timeoutMs) : given(source.body);
  if (!read.ok) return read;
  const format = options.format ?? read.format;
  return { ok: true, page: parse(read.text, format), text: read.text, format, change: null };
}

function fetched(url: URL, timeoutMs: Ms) {
  const signal = new AbortController().signal;
  const path = `${url.pathname}${url.search}`;
  return fetchPage({ origin: url.origin, path, timeoutMs, mostBytes: 10_000_000, signal });
}

/** Bytes without a content type: only OpenMetrics has a line that ends it. */
function given(body: Buffer) {
  try {
    const text = textOf(body);
    return { ok: true, text, format: /^# EOF$/m.test(text) ? "openmetrics" : "text" } as const;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, reason: error.message, content: true } as const;
  }
}
