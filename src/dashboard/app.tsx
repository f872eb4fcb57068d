import { useEffect, useRef } from "preact/hooks";
import { Banner } from "./banner.tsx";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { link } from "./link.ts";
import { refused, services } from "./live.ts";
import { Refusal } from "./refusal.tsx";
import { route } from "./route.ts";
import { ServiceList } from "./service-list.tsx";
import { ServicePage } from "./service-page.tsx";
import { SignIn } from "./sign-in.tsx";

/** The whole page: the bar at the top, what is wrong with the connection, and what the address names. */
export function App() {
  const at = route.value;
  const service = at.at === "service" ? at.service : null;
  const shown = useRef(service);
  useEffect(() => {
    document.title = service === null ? "Sluice" : `${service} – Sluice`;
    // What had the focus went with the page that it was on.
    if (shown.current !== service) {
      scrollTo(0, 0);
      if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
    }
    shown.current = service;
  }, [service]);
  if (refused.value !== null) return <SignIn reason={refused.value} />;
  return (
    <div class={link.value === "stale" ? "page stale" : "page"}>
      <Header />
      <Banner />
      <main id="main" tabIndex={-1}>
        {services.value === null ? (
          <p class="blank">Asking the controller…</p>
        ) : at.at === "list" ? (
          <ServiceList />
        ) : (
          <ServicePage key={at.service} name={at.service} />
        )}
      </main>
      <Refusal />
      <Help />
    </div>
  );
}
