import { render } from "preact";
import { App } from "./app.tsx";
import { listenToKeys } from "./keys.ts";
import { begin } from "./live.ts";
import { takeTokenFromAddress } from "./token.ts";

takeTokenFromAddress();
listenToKeys();
const place = document.getElementById("app");
if (place !== null) render(<App />, place);
void begin();
