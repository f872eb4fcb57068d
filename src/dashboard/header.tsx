import { helpShown } from "./keys.ts";
import { link } from "./link.ts";
import { signOut, who } from "./live.ts";
import { route } from "./route.ts";
import { token } from "./token.ts";

/** Where one is, whether what is shown is true now, and whose token it is. */
export function Header() {
  const at = route.value;
  return (
    <header class="bar">
      <button type="button" class="skip" onClick={skip}>
        Skip to the content
      </button>
      <nav class="trail" aria-label="Where you are">
        <a class="brand" href="#/" aria-current={at.at === "list" ? "page" : undefined}>
          <Mark />
          Sluice
        </a>
        {at.at === "service" && (
          <>
            <span class="slash" aria-hidden="true">
              /
            </span>
            <span class="here">{at.service}</span>
          </>
        )}
      </nav>
      <div class="side">
        <LinkState />
        <Account />
        <button type="button" class="quiet" aria-label="Keys" title="Keys  ?" onClick={() => (helpShown.value = true)}>
          ?
        </button>
      </div>
    </header>
  );
}

function skip(): void {
  document.getElementById("main")?.focus();
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
      <path d="M2 5h16" class="mark-a" />
      <path d="M2 15h4c5 0 3-10 8-10" class="mark-b" />
    </svg>
  );
}

const SAID = { connecting: "connecting", live: "live", stale: "not live" } as const;

function LinkState() {
  const is = link.value;
  return (
    <span class={`link ${is}`} role="status" data-link={is}>
      <span class="dot" aria-hidden="true" />
      {SAID[is]}
    </span>
  );
}

function Account() {
  const me = who.value;
  if (me === null) return null;
  const may = me.scopes.some((scope) => scope !== "read");
  return (
    <span class="account">
      <span class="who" title={`scopes: ${me.scopes.join(", ")}`}>
        <span class="who-name">{me.name}</span>
        {!may && <span class="chip">read only</span>}
      </span>
      {token.value !== "" && (
        <button type="button" class="quiet" onClick={signOut}>
          Sign out
        </button>
      )}
    </span>
  );
}
