type Props<T> = {
  readonly label: string;
  readonly options: readonly (readonly [value: T, label: string])[];
  readonly value: T;
  readonly onChoose: (value: T) => void;
};

/** A few alternatives side by side, one of which holds. */
export function Choice<T>({ label, options, value, onChoose }: Props<T>) {
  return (
    <fieldset class="choice" aria-label={label}>
      {options.map(([one, text]) => (
        <button key={text} type="button" aria-pressed={one === value} onClick={() => onChoose(one)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}
