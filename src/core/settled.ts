import type { Report, Route } from "./route.ts";
import type { TargetName } from "./units.ts";

/** What the reports of a service's targets add up to. */
export type Settled =
  /** Every target proved a route of the same want, or a newer rendering of it. */
  | { readonly is: "applied" }
  | { readonly is: "refused"; readonly text: string }
  /** What is waited for, for people; null where nothing is but nginx's own time. */
  | { readonly is: "pending"; readonly reason: string | null };

/** A want counts as applied when every target that serves the service has proved it. */
export function settled(route: Route, reports: Readonly<Record<TargetName, Report>>, targets: readonly TargetName[]): Settled {
  const pending: { readonly name: TargetName; readonly why: string | null }[] = [];
  for (const name of targets) {
    const report = reports[name];
    const service = report?.services[route.service];
    if (
      service !== undefined &&
      sameBy(service.by, route.by) &&
      service.refused === null &&
      service.version >= firstVersion(route, service.version)
    )
      continue;
    if (service?.refused != null) return { is: "refused", text: named(targets, name, service.refused.text) };
    if (report?.blocked != null) return { is: "refused", text: named(targets, name, report.blocked) };
    pending.push({ name, why: report === undefined ? "it has not reported yet" : report.waiting });
  }
  if (pending.length === 0) return { is: "applied" };
  const reasons = pending.flatMap(({ name, why }) => {
    if (why !== null) return [named(targets, name, why)];
    return targets.length === 1 ? [] : [`${name} is not there yet`];
  });
  return { is: "pending", reason: reasons.length === 0 ? null : reasons.join("; ") };
}

/** A route without a rollout counts by its own version; one of a rollout by the want that it comes from. */
function firstVersion(route: Route, proved: number): number {
  return route.by === null ? route.version : proved;
}

function sameBy(a: Route["by"], b: Route["by"]): boolean {
  return a?.rollout === b?.rollout && a?.seq === b?.seq;
}

/** The target is named only where there are several. */
function named(targets: readonly TargetName[], name: TargetName, text: string): string {
  return targets.length === 1 ? text : `${name}: ${text}`;
}
