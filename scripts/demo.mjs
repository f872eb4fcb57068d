/** `npm run demo`: sets up, then shows what Sluice does on this machine. Arguments go to `sluice demo`. */
import { join } from "node:path";
import { launch } from "../bin/launch.js";
import { afterSetUp, root } from "./setup.mjs";

await afterSetUp(({ node, env }) =>
  launch(node, [join(root, "bin", "sluice.js"), "demo", ...process.argv.slice(2)], env, { tied: true }),
);
