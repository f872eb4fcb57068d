import { type MemberServer, startMember } from "../support/members.ts";

/** Answers by status, on a page in the Prometheus text format. */
export async function startPool(pool: string, count: number): Promise<readonly MemberServer[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const member = await startMember({ name: `${pool}-${index + 1}`, version: pool });
      answerWith(member, 0);
      return member;
    }),
  );
}

/** Makes a member fail this part of its requests, and count them on its metrics page. */
export function answerWith(member: MemberServer, errorRatio: number): void {
  let served = 0;
  const counts = counters.get(member) ?? { ok: 0, failed: 0 };
  counters.set(member, counts);
  member.setStatus(() => {
    served += errorRatio;
    const failed = served >= 1;
    if (failed) served -= 1;
    counts[failed ? "failed" : "ok"] += 1;
    return failed ? 500 : 200;
  });
  member.setMetrics(() => `http_requests_total{code="200"} ${counts.ok}\nhttp_requests_total{code="500"} ${counts.failed}\n`);
}

const counters = new WeakMap<MemberServer, { ok: number; failed: number }>();
