import { begin } from "./live.ts";
import { keepToken } from "./token.ts";

/** Asks for a token; `reason` says what was wrong with the one before, and is empty where there was none. */
export function SignIn({ reason }: { readonly reason: string }) {
  return (
    <main class="sign-in" id="main">
      <h1>Sluice</h1>
      <form onSubmit={signIn}>
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          aria-describedby="token-help"
          ref={focus}
        />
        {reason !== "" && (
          <p class="wrong" role="alert">
            {reason}
          </p>
        )}
        <p id="token-help" class="dim">
          The first start wrote one with all rights to the file <code>token</code> in the state folder. It is kept in this tab
          only, and goes with it.
        </p>
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
    </main>
  );
}

function focus(field: HTMLInputElement | null): void {
  field?.focus();
}

function signIn(event: SubmitEvent): void {
  event.preventDefault();
  if (!(event.currentTarget instanceof HTMLFormElement)) return;
  keepToken(String(new FormData(event.currentTarget).get("token") ?? "").trim());
  void begin();
}
