import type { ServiceView } from "../core/view.ts";
import { Dialog } from "./dialog.tsx";

export function StartDialog({ service, onClose }: { readonly service: ServiceView; readonly onClose: () => void }) {
  return (
    <Dialog title={`Start a rollout of ${service.name}`} wide onClose={onClose}>
      <p>…</p>
    </Dialog>
  );
}
