import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../core/ports.ts";
import type { Ms } from "../core/units.ts";
import { ANSWER_KEPT_MS, type Answer, type Answers } from "./answers.ts";
import { actorOf } from "./auth.ts";
import { ApiError } from "./problem.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** False where the answer holds a secret, which must not lie on the disk: Idempotency-Key then does nothing. */
    keepsAnswer?: boolean;
  }
  interface FastifyRequest {
    /** The answer to this request is to be kept under `key`; null where it has no Idempotency-Key, or is a replay. */
    claim: { readonly key: string; readonly fingerprint: string } | null;
  }
}

/** Visible ASCII, in quotes as the draft of the IETF has it, or bare as everybody sends it. */
const KEY = /^(?:"(?<quoted>[\x21\x23-\x5b\x5d-\x7e]{1,255})"|(?<bare>[\x21\x23-\x5b\x5d-\x7e]{1,255}))$/;

/**
 * `Idempotency-Key` on POST: a request that was done is answered again from what is kept, and not done again.
 *
 * Only answers of success are kept: a refused request changed nothing, so it may simply be tried again.
 */
export class Idempotency {
  readonly #answers: Answers;
  readonly #now: () => Ms;
  readonly #log: Log;
  readonly #running = new Map<string, string>();

  constructor(answers: Answers, now: () => Ms, log: Log) {
    this.#answers = answers;
    this.#now = now;
    this.#log = log;
  }

  /** A `preHandler` hook, since the body must be parsed: replays, refuses, or claims the key. */
  async before(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const sent = request.headers["idempotency-key"];
    if (request.method !== "POST" || sent === undefined || request.routeOptions.config.keepsAnswer === false) return undefined;
    const claim = claimOf(request, sent);
    const runningAs = this.#running.get(claim.key);
    if (runningAs !== undefined) throw runningAs === claim.fingerprint ? stillRunning() : reused();
    // Claimed before the first await, so that of two that arrive together only one goes on.
    this.#running.set(claim.key, claim.fingerprint);
    request.claim = claim;
    const kept = await this.#find(request, claim.key);
    if (kept === null) return undefined;
    this.#release(request);
    if (kept.fingerprint !== claim.fingerprint) throw reused();
    if (kept.location !== null) reply.header("location", kept.location);
    return reply.code(kept.status).header("idempotency-replayed", "true").type("application/json").send(kept.body);
  }

  /** An `onSend` hook: keeps an answer of success, and gives the key free. */
  async after(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
    if (request.claim === null) return;
    const { key, fingerprint } = request.claim;
    try {
      if (reply.statusCode >= 300 || typeof payload !== "string") return;
      const location = reply.getHeader("location");
      const kept = {
        fingerprint,
        status: reply.statusCode,
        location: location === undefined ? null : String(location),
        body: payload,
      };
      await this.#answers.put(key, { ...kept, at: this.#now() });
    } catch (error) {
      // What was asked for is done: an answer that cannot be kept must not turn it into a failure.
      this.#log.warn("An answer could not be kept for its Idempotency-Key", { request: request.id, error: String(error) });
    } finally {
      this.#release(request);
    }
  }

  async #find(request: FastifyRequest, key: string): Promise<Answer | null> {
    try {
      const kept = await this.#answers.get(key);
      return kept !== null && this.#now() - kept.at < ANSWER_KEPT_MS ? kept : null;
    } catch (error) {
      // An abort needs no store; everything else needs it anyway.
      if (request.routeOptions.url?.endsWith("/abort") !== true) throw error;
      this.#log.warn("An abort goes on although kept answers cannot be read", { request: request.id, error: String(error) });
      return null;
    }
  }

  #release(request: FastifyRequest): void {
    if (request.claim === null) return;
    this.#running.delete(request.claim.key);
    request.claim = null;
  }
}

function claimOf(request: FastifyRequest, sent: string | string[]): { key: string; fingerprint: string } {
  const { quoted, bare } = KEY.exec(String(sent))?.groups ?? {};
  const key = quoted ?? bare;
  if (key === undefined)
    throw new ApiError("bad-header", "Idempotency-Key must be 1 to 255 visible characters.", "A UUID will do.");
  const what = JSON.stringify([request.method, request.url, request.headers["if-match"] ?? null, request.body ?? null]);
  // Keys of different people never meet.
  return { key: sha256(JSON.stringify([actorOf(request).name, key])), fingerprint: sha256(what) };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function stillRunning(): ApiError {
  return new ApiError(
    "idempotency-running",
    "The first request with this Idempotency-Key is still running.",
    "Try again in a second.",
  );
}

function reused(): ApiError {
  return new ApiError(
    "idempotency-reused",
    "This Idempotency-Key was used for another request.",
    "Use a new key for a new request.",
  );
}
