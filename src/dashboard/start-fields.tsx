import type { Signal } from "@preact/signals";
import type { Strategy } from "../core/rollout.ts";

const STRATEGIES: readonly (readonly [value: Strategy, label: string])[] = [
  ["canary", "Canary: step by step, by evidence"],
  ["blue-green", "Blue-green: everything at once"],
  ["rolling", "Rolling: the members in use, in turn"],
];

/** What a start is asked for, as it stands in the form. */
export type Form = {
  readonly strategy: Signal<Strategy>;
  readonly to: Signal<string>;
  readonly version: Signal<string>;
  readonly reason: Signal<string>;
};

/** The fields of a start; `others` are the pools that traffic can move to. */
export function StartFields({ form, others }: { readonly form: Form; readonly others: readonly string[] }) {
  const { strategy, to, version, reason } = form;
  return (
    <div class="fields">
      <label>
        Strategy
        <select value={strategy.value} onChange={(event) => (strategy.value = event.currentTarget.value as Strategy)}>
          {STRATEGIES.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {strategy.value !== "rolling" && (
        <label>
          To the pool
          <select value={to.value} onChange={(event) => (to.value = event.currentTarget.value)}>
            {others.map((pool) => (
              <option key={pool}>{pool}</option>
            ))}
          </select>
        </label>
      )}
      <TextField name="version" label="Version" note="(what it runs)" value={version} />
      <TextField name="reason" label="Reason" note="(for the journal)" value={reason} />
    </div>
  );
}

type TextProps = { readonly name: string; readonly label: string; readonly note: string; readonly value: Signal<string> };

function TextField({ name, label, note, value }: TextProps) {
  return (
    <label>
      <span>
        {label} <span class="dim">{note}</span>
      </span>
      <input name={name} autocomplete="off" value={value.value} onInput={(event) => (value.value = event.currentTarget.value)} />
    </label>
  );
}
