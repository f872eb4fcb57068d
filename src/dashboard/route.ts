import { signal } from "@preact/signals";

/** Where the page is: all of it stands in the address behind `#`, so that it can be sent to somebody and survives a reload. */
export type Route =
  | { readonly at: "list"; readonly search: string; readonly attention: boolean }
  | { readonly at: "service"; readonly service: string };

export const route = signal<Route>(read());

addEventListener("hashchange", () => {
  route.value = read();
});

function read(): Route {
  const [path = "", query = ""] = location.hash.slice(1).split("?");
  const service = /^\/services\/(?<name>[^/]+)$/.exec(path)?.groups?.name;
  if (service !== undefined) return { at: "service", service: decodeURIComponent(service) };
  const words = new URLSearchParams(query);
  return { at: "list", search: words.get("q") ?? "", attention: words.get("attention") === "1" };
}

/** The address of a route, for links. */
export function hrefOf(to: Route): string {
  if (to.at === "service") return `#/services/${encodeURIComponent(to.service)}`;
  const words = new URLSearchParams();
  if (to.search !== "") words.set("q", to.search);
  if (to.attention) words.set("attention", "1");
  return words.size === 0 ? "#/" : `#/?${words}`;
}

/** Changes the address without a step in the tab's history: for what is typed. */
export function refine(to: Route): void {
  history.replaceState(null, "", hrefOf(to));
  route.value = to;
}
