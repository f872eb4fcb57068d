/**
 * The words and units that everything else is written in.
 *
 * Durations and instants are whole milliseconds, shares are whole basis points (1/10 000), so that no sum is ever off by
 * a rounding error.
 */

/** Milliseconds: a duration, or an instant on the time line that the text beside it names. */
export type Ms = number;
/** Basis points, 0 to 10 000. */
export type Bp = number;
/** The whole of a service's traffic, in basis points. */
export const WHOLE: Bp = 10_000;

/** Name of a service: `[a-z][a-z0-9-]*`, never `sluice`. */
export type ServiceName = string;
/** Name of a pool within its service. */
export type PoolName = string;
/** `host:port` as configured; the host may be a name, an IPv4 address or a bracketed IPv6 address. */
export type Member = string;
/** `ip:port` (IPv6 in brackets) that a member resolves to: what nginx, probes and weights work with. */
export type Endpoint = string;
/** Name of an nginx that Sluice drives: `local`, or a key of the `nginx:` map. */
export type TargetName = string;

/** A pool's part of the traffic; pools that are not named have none; the values sum to 10 000. */
export type Shares = Readonly<Record<PoolName, Bp>>;

/**
 * The two times that every decision gets as an argument.
 *
 * `t` is controller time: it never jumps, and is what durations are measured with. `wall` is the wall clock: it is what
 * people are shown, and never compared.
 */
export type Now = { readonly t: Ms; readonly wall: Ms };

/** Anything that survives JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** For the `default` of a switch over a union: makes the compiler prove that every case is handled. */
export function never(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`);
}
