import { createHmac } from "node:crypto";
import type { Ms } from "../core/units.ts";

/**
 * `t=SECONDS,v1=HEX`: when it was signed, and the HMAC-SHA256 of `SECONDS.BODY`. The time is signed too, so that whoever checks can refuse
 * what is old. The same scheme as that of Stripe's webhooks.
 */
export function signatureOf(body: string, key: string, wall: Ms): string {
  const seconds = Math.floor(wall / 1_000);
  return `t=${seconds},v1=${createHmac("sha256", key).update(`${seconds}.${body}`).digest("hex")}`;
}
