/** One thing that was looked at. */
export type Examined = {
  readonly area:
    | "configuration"
    | "nginx"
    | "nginx configuration"
    | "folders"
    | "served"
    | "clock"
    | "store"
    | "ports"
    | "controller";
  readonly is: "ok" | "warn" | "fail";
  /** What was found, in a sentence without a full stop. */
  readonly text: string;
  /** What to do about it; null where nothing is to be done. */
  readonly fix: string | null;
};

export function ok(area: Examined["area"], text: string): Examined {
  return { area, is: "ok", text, fix: null };
}

export function warn(area: Examined["area"], text: string, fix: string): Examined {
  return { area, is: "warn", text, fix };
}

export function fail(area: Examined["area"], text: string, fix: string): Examined {
  return { area, is: "fail", text, fix };
}
