import { useEffect, useId, useRef } from "preact/hooks";
import { asked } from "./act.ts";

type Props = {
  readonly label: string;
  /** What it is called where `label` alone does not say whom it is about. */
  readonly name?: string;
  readonly verb?: string;
  readonly class: string;
  readonly does: string;
  /** Why it cannot be used now; null where it can. */
  readonly blocked: string | null;
  /** What the page has asked for while this button waits for an answer, as `asked` says it. */
  readonly asks: string;
  readonly service: string;
  readonly onUse: () => void;
};

/** A button that says what it will do, who may do it and, where it cannot be used, why: under the mouse, with the focus, and when it is used in vain. */
export function VerbButton({ label, name, verb, class: className, does, blocked, asks, service, onUse }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const tip = useRef<HTMLSpanElement>(null);
  const id = useId();
  const pending = asked.value?.service === service && asked.value.what === asks;
  const show = () => showBeside(button.current, tip.current);
  const hide = () => tip.current?.hidePopover();
  useEffect(() => {
    // What it says may have grown.
    if (tip.current?.matches(":popover-open")) show();
  });
  const use = () => {
    if (blocked !== null) return show();
    hide();
    onUse();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only sees whether the mouse is at the button or at its tip
    <span class="action" onMouseEnter={show} onMouseLeave={hide} onKeyDown={({ key }) => key === "Escape" && hide()}>
      {/* `aria-disabled`, not `disabled`: it can still be reached, and says why it cannot be used. */}
      <button
        ref={button}
        type="button"
        class={className}
        data-verb={verb}
        aria-label={name}
        aria-disabled={blocked !== null}
        aria-busy={pending}
        aria-describedby={id}
        onClick={use}
        onFocus={() => button.current?.matches(":focus-visible") && show()}
        onBlur={hide}
      >
        {pending ? `${label}: requested…` : label}
      </button>
      <span ref={tip} class="tip" role="tooltip" id={id} popover="manual">
        {blocked !== null && <strong>{blocked} </strong>}
        {does} <span class="dim">Needs the scope operate.</span>
      </span>
    </span>
  );
}

const GAP_PX = 6;
const EDGE_PX = 8;

/** In the browser's top layer, so that no table cuts it off: below the button, or above it where there is no room. */
function showBeside(button: HTMLElement | null, tip: HTMLElement | null): void {
  if (button === null || tip === null) return;
  tip.showPopover();
  const { bottom, top, right } = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = tip;
  const under = bottom + GAP_PX;
  const left = Math.min(right, document.documentElement.clientWidth - EDGE_PX) - width;
  tip.style.left = `${Math.max(EDGE_PX, left)}px`;
  tip.style.top = `${under + height + EDGE_PX > innerHeight ? top - GAP_PX - height : under}px`;
}
