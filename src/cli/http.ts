import { type Client, connect, SluiceError } from "../client/client.ts";
import type { Ask } from "../client/http.ts";
import type { Address } from "./address.ts";
import { EXIT } from "./exit.ts";
import { exitOfCode, Failure, NobodyThere } from "./failure.ts";
import { fetchOver } from "./transport.ts";

/** The typed client for an address: with the transport of the command line, which also goes through unix sockets. */
export function clientOf(address: Address): Client {
  return connect({
    url: address.url,
    place: place(address),
    token: address.token,
    fetch: fetchOver(address),
  });
}

/** Any call of the API by its path; what goes wrong is a `Failure` in the API's own words. */
export function ask<T>(address: Address, path: string, options: Ask = {}): Promise<T> {
  return told(address, clientOf(address).request<T>(path, options));
}

/** What a call of the client answers; its errors as the command line tells them. */
export async function told<T>(address: Address, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw failureOf(address, error);
  }
}

/** An error of the client as the command line tells it: with its exit code, and what to try in its own words. */
export function failureOf(address: Address, error: unknown): unknown {
  if (!(error instanceof SluiceError)) return error;
  const { kind, message, status, cause } = error;
  const away = "start it with `sluice serve`, or name another address with --url or SLUICE_URL";
  switch (kind) {
    case "nobody":
      return new NobodyThere(EXIT.unreachable, message, { cause, hint: away });
    case "unreachable":
      return new Failure(EXIT.unreachable, message, { cause, hint: untrusted(address, message) ?? away });
    case "foreign":
      return new Failure(EXIT.unreachable, message, {
        status,
        hint: "is another program listening there? check api.listen, --url and SLUICE_URL",
      });
    default:
      return refusal(address, error);
  }
}

function refusal(address: Address, { message, code, status, hint, errors, instance }: SluiceError): Failure {
  const details = errors.map((one) => `\n${one.in === "configuration" ? "" : `${one.pointer}: `}${one.detail}`).join("");
  const logged =
    instance !== null && (status ?? 0) >= 500 ? `\nrequest ${instance}: the controller's log has more by this id` : "";
  // Its message is the first of the details again, and its hint says that they are there.
  const listed = code === "invalid" && details !== "";
  const what = listed ? "the controller does not take this" : message;
  return new Failure(exitOfCode(code, status ?? 0), `${what}${details}${logged}`, {
    code,
    hint: listed ? null : status === 401 ? (hintFor(address) ?? hint) : hint,
    status,
  });
}

function hintFor({ token }: Address): string | null {
  return token === null
    ? "give a token with --token-file, SLUICE_TOKEN or SLUICE_TOKEN_FILE; the first start wrote one into the state folder"
    : null;
}

/** The words of OpenSSL where nobody vouches for a certificate, or it is of another name. */
const UNTRUSTED = /certificate|altnames/i;

function untrusted({ url }: Address, message: string): string | null {
  if (!url.startsWith("https:") || !UNTRUSTED.test(message)) return null;
  return "name the certificate of the authority that vouches for it with --ca FILE or SLUICE_CA, and the host as the certificate names it";
}

export function place(address: Address): string {
  return address.socket === null ? address.url : `unix:${address.socket}`;
}
