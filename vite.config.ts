import { join } from "node:path";
import { defineConfig } from "vite";

/** The dashboard: one page, one script, one style sheet, all of them from the controller itself. */
export default defineConfig({
  root: join(import.meta.dirname, "src/dashboard"),
  base: "/",
  // What it has to say goes to stdout, and `npm pack --silent` says there which file it made.
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: join(import.meta.dirname, "dist/dashboard"),
    emptyOutDir: true,
    target: "es2022",
    // The page's policy allows neither inline scripts nor data: for anything but images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
