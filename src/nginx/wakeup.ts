import type { Ms } from "../core/units.ts";

/** Lets one loop sleep until it is called or its time is over. A call while nobody sleeps is kept for the next sleep. */
export class Wakeup {
  #called = false;
  #wake: (() => void) | null = null;

  call(): void {
    this.#called = true;
    this.#wake?.();
  }

  async sleep(forMs: Ms): Promise<void> {
    if (!this.#called) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, forMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = null;
    this.#called = false;
  }
}
