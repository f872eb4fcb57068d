import type { Preview } from "../core/ports.ts";
import type { TargetName } from "../core/units.ts";
import { previewRoutes } from "../nginx/preview.ts";
import type { TargetSettings } from "../nginx/settings.ts";
import type { Templates } from "../nginx/template.ts";

/** Shows the files of every configured nginx. */
export function openPreview(targets: Readonly<Record<TargetName, TargetSettings>>, templates: Templates): Preview {
  return {
    async preview(target, wanted, next) {
      const settings = targets[target];
      if (settings === undefined) throw new Error(`there is no nginx ${target} in the configuration`);
      return previewRoutes(settings, templates, wanted, next);
    },
  };
}
