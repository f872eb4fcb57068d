/** How long requests took, as a histogram of Prometheus. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const counts = BOUNDS.map(() => 0);
let sum = 0;
let total = 0;

/** One request of so many seconds. */
export function observe(seconds: number): void {
  sum += seconds;
  total += 1;
  for (const [at, bound] of BOUNDS.entries()) if (seconds <= bound) counts[at] = (counts[at] ?? 0) + 1;
}

/** The histogram's part of the metrics page. */
export function durationPage(version: string): string {
  const bucket = (le: string, count: number) =>
    `http_request_duration_seconds_bucket{version="${version}",le="${le}"} ${count}\n`;
  const buckets = [...BOUNDS.map((bound, at) => bucket(String(bound), counts[at] ?? 0)), bucket("+Inf", total)];
  return [
    "# TYPE http_request_duration_seconds histogram\n",
    ...buckets,
    `http_request_duration_seconds_sum{version="${version}"} ${sum}\n`,
    `http_request_duration_seconds_count{version="${version}"} ${total}\n`,
  ].join("");
}
