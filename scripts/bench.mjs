/** `npm run bench`: sets up, then measures. Arguments go to the benchmark. */
import { join } from "node:path";
import { launch } from "../bin/launch.js";
import { afterSetUp, root } from "./setup.mjs";

await afterSetUp(({ node, env }) => launch(node, [join(root, "bench", "main.ts"), ...process.argv.slice(2)], env));
