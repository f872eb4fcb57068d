import { render } from "preact";
import { App } from "./app.tsx";
import { begin } from "./live.ts";
import { takeTokenFromAddress } from "./token.ts";

takeTokenFromAddress();
const place = document.getElementById("app");
if (place !== null) render(<App />, place);
void begin();
