import { useEffect } from "preact/hooks";
import { refusal } from "./act.ts";
import { route } from "./route.ts";

/** What the controller refused, wherever the button stood: it stays until something else is done, or somebody has read it. */
export function Refusal() {
  const at = route.value;
  const forget = () => {
    refusal.value = null;
  };
  useEffect(forget, [at]);
  const said = refusal.value;
  return (
    <div class="refusal" role="alert">
      {/* The form of a start says it itself. */}
      {said !== null && said.what !== "start" && (
        <>
          <p>
            <strong>{said.what} was refused:</strong> {said.text}
            {said.hint !== null && ` (${said.hint})`}
          </p>
          <button type="button" class="quiet" aria-label="Close" onClick={forget}>
            ✕
          </button>
        </>
      )}
    </div>
  );
}
