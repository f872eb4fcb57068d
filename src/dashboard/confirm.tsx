import { Dialog } from "./dialog.tsx";

type Props = {
  readonly title: string;
  /** What it will do, in sentences. */
  readonly text: string;
  readonly action: string;
  readonly onYes: () => void;
  readonly onClose: () => void;
};

/** Says what will happen, and asks. The first button that has the focus is the one that does nothing. */
export function Confirm({ title, text, action, onYes, onClose }: Props) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <div class="dialog-buttons">
        <button type="button" onClick={onClose}>
          Leave it as it is
        </button>
        <button type="button" class="primary" data-confirm="yes" onClick={onYes}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
