import { join } from "node:path";
import type { Api } from "./api/server.ts";
import type { TokenBook as Book } from "./api/token-book.ts";
import type { Finding } from "./app/check.ts";
import type { Examined } from "./app/doctor.ts";
import type { Inspected, InspectOptions, PageSource } from "./app/inspect.ts";
import { thisMachine } from "./app/machine.ts";
import { ownVersion } from "./app/own-version.ts";
import type { PlanOptions } from "./app/plan.ts";
import type { RenderedTarget } from "./app/render.ts";
import type { Starter } from "./app/starter.ts";
import type { Config } from "./config/config.ts";
import type { Env } from "./config/env.ts";
import { ConfigError, formatProblem } from "./config/errors.ts";
import { jsonSchema } from "./config/json-schema.ts";
import { loadConfig } from "./config/load.ts";
import type { Actor, Control } from "./core/control.ts";
import type { PlanView } from "./core/planned.ts";
import type { Log } from "./core/ports.ts";
import type { ReloadView } from "./core/view.ts";
import type { Instruments } from "./instruments/instruments.ts";

/**
 * The composition root: the only place that names adapters.
 *
 * What a command does not need is not loaded: each function brings in its own adapters.
 */

export type { Examined, Finding, Inspected, RenderedTarget };

/** A controller that runs: behind its API, or inside this process for an offline verb. */
export interface App extends AsyncDisposable {
  readonly control: Control;
  /** Where the API listens; null where it does not. */
  readonly address: string | null;
  readonly tokenFile: string | null;
  /** Takes over the changed configuration, all or nothing. Rejects with a `ConfigError` that says what speaks against it. */
  reload(): Promise<ReloadView>;
}

export type AppOptions = {
  /** Path of the configuration. */
  readonly config: string;
  readonly env: Env;
  readonly log: Log;
  /** True for the API, false for a controller inside this process. */
  readonly listen: boolean;
  /** False: reads what is stored, without the lock, and does nothing. */
  readonly drives?: boolean;
  /** Told what is configured before anything of it is begun. */
  readonly configured?: (config: Config) => void;
};

/** A name that is not answered for in this time has no address now. */
const RESOLVE_MS = 5_000;
/** How often the names of members are looked up again. */
const RESOLVE_EVERY_MS = 10_000;

type Source = { readonly config: string; readonly env: Env };

/** Takes the lock on the state, loads it, and drives. Rejects with a `StoreError` of code `locked` where another process does. */
export async function openApp(options: AppOptions): Promise<App> {
  const config = await readConfig(options);
  for (const { file, line, path, message } of options.listen ? config.warnings : [])
    options.log.warn(`${file}:${line} ${path}: ${message}`);
  const stack = new AsyncDisposableStack();
  try {
    options.configured?.(config);
    // Before the controller drives: probes and their outcomes would have to wait for it, and the first answer for them.
    if (options.listen) await loadApi();
    const instruments = options.listen
      ? await (await import("./app/instruments.ts")).openInstruments(config, options.log, stack)
      : null;
    const { controller, store } = await openParts(options, config, instruments, stack);
    const { reloader } = await import("./app/reload.ts");
    const reload = reloader({ ...options, read: () => readConfig(options) }, config, controller);
    const parts = { controller, store, reload };
    const served =
      instruments === null
        ? { address: null, tokenFile: null, reload }
        : await serveApi(options, config, { ...parts, instruments }, stack);
    const disposed = stack.move();
    return {
      control: controller,
      ...served,
      [Symbol.asyncDispose]: () => disposed.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

type Parts = Awaited<ReturnType<typeof openParts>> & { readonly reload: App["reload"]; readonly instruments: Instruments };

/**
 * Everything that a controller needs, opened in the order in which it is needed, and disposed the other way round. Without instruments,
 * nothing of it is counted.
 */
async function openParts(options: AppOptions, config: Config, instruments: Instruments | null, stack: AsyncDisposableStack) {
  const { log } = options;
  const [{ openSqlite }, { openAbortFiles }, { Controller }, clocks] = await Promise.all([
    import("./store/sqlite.ts"),
    import("./store/abort-files.ts"),
    import("./controller/controller.ts"),
    import("./controller/clock.ts"),
  ]);
  const [
    { readTemplates },
    { openTargets },
    { createProbe },
    { createResolve },
    { openMetrics },
    { openNginxLog },
    { openPreview },
    { openHooks },
  ] = await Promise.all([
    import("./app/templates.ts"),
    import("./app/targets.ts"),
    import("./probe/health.ts"),
    import("./probe/resolve.ts"),
    import("./app/metrics.ts"),
    import("./app/nginx-log.ts"),
    import("./app/preview.ts"),
    import("./app/hooks.ts"),
  ]);
  const templates = await readTemplates(options.config, config.templates);
  const store = stack.use(await openSqlite(config.state));
  const drives = options.drives !== false;
  const lease = drives ? stack.use(await store.lease("sluice")) : { epoch: "0" };
  const machine = await thisMachine();
  const clockState = clocks.resumeClock(await clocks.readClock(store), machine);
  const aborts = openAbortFiles(config.state);
  const times = { monotonic: machine.uptimeMs, wall: machine.wallMs };
  const targets = drives ? await openTargets(config, { templates, log, ...times }, instruments, stack) : [];
  const probe = stack.use(createProbe());
  const nginxLog = stack.use(openNginxLog(Object.values(config.nginx), log, (target) => instruments?.work.lost(target)));
  const metrics = openMetrics(options.env, nginxLog, stack);
  const hooks = openHooks(options.env, config.notify, stack);
  const controller = stack.use(
    await Controller.open({
      services: config.services,
      ...(instruments?.work.counted(hooks) ?? hooks),
      store,
      aborts,
      clock: clocks.systemClock(clockState, machine),
      clockState: () => clockState,
      targets,
      probe: instruments?.work.probing(probe.probe) ?? probe.probe,
      resolve: createResolve({ timeoutMs: RESOLVE_MS }),
      resolveEveryMs: RESOLVE_EVERY_MS,
      metrics,
      observer: nginxLog,
      preview: openPreview(config.nginx, templates),
      log,
      epoch: lease.epoch,
      drives,
      history: config.history,
    }),
  );
  instruments?.drives(lease.epoch, controller);
  return { controller, store };
}

function loadApi() {
  return Promise.all([
    import("./api/server.ts"),
    import("./api/tokens.ts"),
    import("./api/token-book.ts"),
    import("./api/answers.ts"),
    import("./config/steps.ts"),
  ]);
}

async function serveApi(options: AppOptions, config: Config, parts: Parts, stack: AsyncDisposableStack) {
  const { log } = options;
  const { controller, store } = parts;
  const { readCertificate, withCertificate, keepServed } = await import("./app/certificate.ts");
  const read = () => readCertificate(options, config, Date.now());
  const certificate = await read();
  await keepServed(config.state, certificate);
  for (const warning of certificate?.warnings ?? []) log.warn(warning);
  const take = withCertificate(parts.reload, read, async (renewed) => {
    api.renew(renewed);
    await keepServed(config.state, renewed);
  });
  const reload = parts.instruments.counted(take);
  const { recordReload } = await import("./app/recorder.ts");
  const recorded = (actor: Actor | null) => recordReload(reload, controller.record, actor, log);
  const [{ createServer }, { ensureAdminToken }, { openTokens }, { storedAnswers }, { parseSteps }] = await loadApi();
  const first = config.api.auth === "none" ? null : await ensureAdminToken(config.state);
  const tokens = stack.use(
    await openTokens({ store, record: controller.record, now: Date.now, log, services: async () => controller.names() }),
  );
  const api: Api = stack.use(
    await createServer({
      control: controller,
      listen: config.api.listen,
      auth: first === null ? { kind: "none" } : { kind: "token", verify: (token) => first.verify(token) ?? tokens.verify(token) },
      tokens,
      certificate,
      hosts: config.api.hosts,
      version: await ownVersion(),
      log,
      parseSteps,
      answers: storedAnswers(store, () => Date.now()),
      metrics: () => parts.instruments.page(controller),
      now: () => Date.now(),
      reload: (actor) => recorded(actor).catch(refusedReload),
      // Beside the sources in a checkout, and beside what is built of them in the package.
      dashboard: join(import.meta.dirname, "../dist/dashboard"),
    }),
  );
  return { address: await api.listen(), tokenFile: first?.path ?? null, reload: () => recorded(null) };
}

/** The tokens of a state that no controller drives, under its lock. Rejects with a `StoreError` of code `locked` where one does. */
export async function openTokenBook(options: Source & { readonly log: Log }): Promise<AsyncDisposable & { readonly book: Book }> {
  const { state, services } = await readConfig(options);
  const [{ openIdle }, { openTokens }] = await Promise.all([import("./app/recorder.ts"), import("./api/token-book.ts")]);
  await using stack = new AsyncDisposableStack();
  const idle = stack.use(await openIdle(state));
  const known = Object.keys(services);
  const book = stack.use(await openTokens({ ...idle, now: Date.now, log: options.log, services: async () => known }));
  const moved = stack.move();
  return { book, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** A configuration that cannot be taken over, as the API says it. */
async function refusedReload(error: unknown): Promise<never> {
  if (!(error instanceof ConfigError)) throw error;
  const [{ ApiError }, { ReloadRefused }] = await Promise.all([import("./api/problem.ts"), import("./app/reload.ts")]);
  const places = error.problems.map((problem) => ({
    in: "configuration" as const,
    pointer: problem.path === "" ? "" : `/${problem.path.split(".").join("/")}`,
    detail: formatProblem(problem),
  }));
  const now = error instanceof ReloadRefused;
  throw new ApiError(
    now ? "configuration-refused" : "invalid-configuration",
    `the configuration ${now ? "cannot be taken over now" : "cannot be used"}; the one before stays in force`,
    now ? "end what stands in the way, or restart Sluice, then reload again" : "mend what is named, then reload again",
    places,
  );
}

// --- the configuration ----------------------------------------------------------------------------------------------

async function readConfig({ config, env }: Source): Promise<Config> {
  const { metricTexts } = await import("./app/metric-texts.ts");
  return loadConfig(config, env, metricTexts);
}

/** Where the API of a configuration is, with the files of its token and its certificates, without opening anything. */
export async function apiAddress({ config, env }: Source) {
  const { reachOf } = await import("./app/reach.ts");
  return reachOf(await loadConfig(config, env));
}

/** The JSON Schema of sluice.yaml. */
export function configSchema(): object {
  return jsonSchema();
}

/** Everything that is wrong, or probably not meant, in the configuration, and with `nginx` in that of each local nginx. */
export async function checkConfig(options: Source & { readonly nginx: boolean }): Promise<readonly Finding[]> {
  const { checkAll } = await import("./app/check.ts");
  return checkAll(options, () => readConfig(options), options.nginx);
}

/** Everything that Sluice needs on this machine; `answers` is whether the configuration's controller answers. */
export async function diagnose(options: Source & { readonly answers: boolean }): Promise<readonly Examined[]> {
  return (await import("./app/doctor.ts")).examineAll(options, () => readConfig(options), options.answers);
}

/** The files of each target as they would be now, and how they differ from what is there; with `write`, written. */
export async function renderConfig(options: Source & { readonly write: boolean }): Promise<readonly RenderedTarget[]> {
  const { renderAll } = await import("./app/render.ts");
  return renderAll(options.config, await readConfig(options), options.write);
}

/** What a start would do now, where no controller runs. */
export async function planConfig(options: Source & PlanOptions): Promise<PlanView> {
  const { planApart } = await import("./app/plan.ts");
  return planApart(options.config, await readConfig(options), options);
}

/** What Sluice reads from a metrics page. */
export async function inspect(source: PageSource, options: InspectOptions): Promise<Inspected> {
  const { inspectPage } = await import("./app/inspect.ts");
  return inspectPage(source, options);
}

/** A first sluice.yaml, and the lines that an nginx.conf (an absolute path) needs for it. */
export async function starter(options: { readonly nginx: string | null }): Promise<Starter> {
  const { starterFor } = await import("./app/starter.ts");
  return starterFor(options.nginx);
}
