/** What the nginx at hand can do, as far as the rendering depends on it. */
export type Capabilities = {
  /** `1.22.1`. */
  readonly version: string;
  /** From 1.27.4: old workers serve one more request per keep-alive connection, so that a reload loses none. */
  readonly keepaliveMinTimeout: boolean;
  /** From 1.29.7: connections to members are kept where nothing else is said. */
  readonly keepsByDefault: boolean;
  /** From 1.19.3: cookies of `userid` can be `httponly` and `samesite`. */
  readonly useridFlags: boolean;
  /** False where nginx was built `--without-http_userid_module`. */
  readonly userid: boolean;
};

/** What every nginx that Sluice supports can do: for rendering where no binary is at hand. */
export const BASELINE: Capabilities = {
  version: "1.18.0",
  keepaliveMinTimeout: false,
  keepsByDefault: false,
  useridFlags: false,
  userid: true,
};

/** Reads the text that `nginx -V` prints (on standard error). */
export function parseCapabilities(text: string): Capabilities {
  const found = /nginx version: \S*?\/(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (found === null)
    throw new Error(`no version in what nginx -V printed: ${JSON.stringify(text.slice(0, 200))}; is nginx.binary an nginx?`);
  const version = [Number(found[1]), Number(found[2]), Number(found[3])] as const;
  return {
    version: version.join("."),
    keepaliveMinTimeout: atLeast(version, [1, 27, 4]),
    keepsByDefault: atLeast(version, [1, 29, 7]),
    useridFlags: atLeast(version, [1, 19, 3]),
    userid: !text.includes("--without-http_userid_module"),
  };
}

function atLeast(version: readonly [number, number, number], least: readonly [number, number, number]): boolean {
  for (const [index, part] of version.entries()) {
    const other = least[index] ?? 0;
    if (part !== other) return part > other;
  }
  return true;
}
