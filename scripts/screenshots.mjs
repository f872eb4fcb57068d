/** `npm run screenshots`: sets up, then makes docs/images anew from a real run. */
import { join } from "node:path";
import { launch } from "../bin/launch.js";
import { offerChromium } from "./chromium.mjs";
import { afterSetUp, root } from "./setup.mjs";

await afterSetUp(async ({ node, env }) => {
  await offerChromium((text) => console.log(`set-up: ${text}`));
  return launch(node, [join(root, "test", "dashboard", "screenshots.ts")], env);
});
