/**
 * Every default of the configuration, in the words of the file. Nothing else in the program fills in a setting.
 */
export const DEFAULTS = {
  api: {
    /** Only this machine: whoever wants more says so. */
    listen: "127.0.0.1:7070",
    /** A token even on loopback, because any program of any user can connect there. */
    auth: "token",
    tls: "none",
  },
  /** Where the file system standard puts what a service must not lose. */
  state: "/var/lib/sluice/state",
  history: {
    /** A line for each thing that happens: those of many rollouts, while the file stays small. */
    events: 100_000,
    /** Of each service: enough to look back for months, and to undo to. */
    rollouts: 50,
  },
  nginx: {
    /** Found through PATH. */
    binary: "nginx",
    /** These two are where the packages of Debian, Ubuntu, Fedora and nginx.org put them. */
    config: "/etc/nginx/nginx.conf",
    pid: "/run/nginx.pid",
    include: "/etc/nginx/sluice",
    /** Apart from the state, which the workers of nginx may not read. */
    tables: "/var/lib/sluice/tables",
    status: "127.0.0.1:7071",
    /** A little longer than most clients pause between two requests of a keep-alive connection (250 to 400 ms). */
    closing: "400ms",
    /** A proof takes about 250 ms on a small nginx, and seconds on one with thousands of upstreams. */
    deadline: "10s",
  },
  service: {
    /** The drop-in: the user's `proxy_pass http://web;` stays as it is. */
    routing: "weighted",
    /** Even, and needs nothing of the client. */
    key: "random",
  },
  tries: {
    /** Sluice checks health. With nginx's own 1, three failures of stable would send its traffic to the canary. */
    maxFails: 0,
    /** nginx's own; without effect while `maxFails` is 0. */
    failTimeout: "10s",
    /** What nginx does without a setting: keep-alive to members also needs `proxy_http_version 1.1` in the user's file. */
    keepalive: 0,
  },
  health: {
    interval: "2s",
    /** Never above the interval: where that is shorter, it is the default. */
    timeout: "1s",
    passes: 2,
    fails: 3,
    /** A redirect (to a login page, say) is no sign of health. */
    status: "200-299",
    /** Enough for a slow start; after it the rollout goes back. */
    deadline: "2m",
  },
  metric: {
    path: "/metrics",
    /** At 10 requests a second these are 300: enough to tell 2 % of errors from 0.1 %. */
    window: "30s",
    /** Reads in a window, so that it moves smoothly; the interval is the window over this, within the two bounds below. */
    readsPerWindow: 6,
    intervalAtLeastMs: 250,
    intervalAtMostMs: 5_000,
    /** Never above the interval: where that is shorter, it is the default. */
    timeout: "2s",
    /** Read from memory, so that a total failure is seen within a second. */
    nginxIntervalAtMostMs: 1_000,
    /** Every request. */
    sample: "100%",
    /** What most people mean by "slow": the slowest of twenty. */
    quantile: 0.95,
    /** Only who asks knows that a number is a part of a whole. */
    unit: "number",
    /** Can be seen in every log and cached by nobody. */
    method: "GET",
  },
  /** One error in fewer requests than these would say 5 % or more, and be chance. */
  minRequests: 20,
  /** `compare: stable`. Rates are per request. */
  compare: {
    /** A tenth more failures than stable is no reason to go back. */
    rho: 1.1,
    delta: 0,
    /** What would be harmful, and must be ruled out before an advance: twice the failures, and half a percent on top. */
    harmfulRho: 2,
    harmfulDelta: 0.005,
    /** One release in a hundred that is no worse is sent back, at the most. */
    alpha: 0.01,
    /** One harmful release in twenty passes a step, at the most. */
    beta: 0.05,
    /** A tenth slower is no reason to go back. */
    margin: 0.1,
    /** Requests of the canary that a latency is seen of before it passes. */
    minRequests: 100,
    /** Proven harm reverts. */
    level: "critical",
    /** With a few samples of members that differ for good, no test can tell a regression from one odd member. */
    gaugeLevel: "hold",
  },
  hold: {
    atMost: "15m",
    /** Missing evidence is no proof of a bad release, and none of a good one: a person decides. */
    then: "wait",
  },
  blueGreen: {
    /** Long enough to see a bad version under the whole load while the way back is still one rename. */
    bake: "30s",
  },
  canary: {
    /** Evidence needs far longer; this only keeps the very first moments from deciding. */
    evidenceFor: "10s",
    /** Each step was watched already, the last one at the whole traffic. */
    bake: "0s",
    /** Where nobody answers in the time that was given for it, the candidate is not wanted. */
    then: "abort",
  },
  rolling: {
    /** The least that can go wrong at a time. */
    batch: 1,
    /** `monitor` is a pause already. */
    delay: "0s",
    /** What Kubernetes gives a container to end. */
    drain: "30s",
    /** One request that never ends, such as an event stream, would hold up every update. */
    onDrainTimeout: "proceed",
    /** A program that starts and falls over does so within seconds. */
    minHealthy: "10s",
    /** Enough for a program that reads much before it answers. */
    deadline: "5m",
    slowStart: "0s",
    /** The usual window of a check. */
    monitor: "30s",
    /** A release that breaks one member breaks the next one too. */
    maxFailures: 0,
    /** A person sees the member as it failed. */
    onFailure: "pause",
  },
  hook: {
    /** Enough for a restart or a migration; what hangs is ended. */
    deadline: "5m",
    /** One try of a call. */
    timeout: "10s",
  },
  freeze: {
    /** The whole day. */
    from: "00:00",
    to: "24:00",
    /** The same on every machine; whoever has an office names its zone. */
    zone: "UTC",
  },
  notify: {
    timeout: "10s",
    /** What is older is no news. */
    deadline: "2m",
  },
} as const;
