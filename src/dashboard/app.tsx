import { Banner } from "./banner.tsx";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { link } from "./link.ts";
import { refused, services } from "./live.ts";
import { route } from "./route.ts";
import { ServiceList } from "./service-list.tsx";
import { ServicePage } from "./service-page.tsx";
import { SignIn } from "./sign-in.tsx";

/** The whole page: the bar at the top, what is wrong with the connection, and what the address names. */
export function App() {
  if (refused.value !== null) return <SignIn reason={refused.value} />;
  const at = route.value;
  return (
    <div class={link.value === "stale" ? "page stale" : "page"}>
      <Header />
      <Banner />
      <main id="main" tabIndex={-1}>
        {services.value === null ? (
          <p class="waiting">Asking the controller…</p>
        ) : at.at === "list" ? (
          <ServiceList />
        ) : (
          <ServicePage key={at.service} name={at.service} />
        )}
      </main>
      <Help />
    </div>
  );
}
