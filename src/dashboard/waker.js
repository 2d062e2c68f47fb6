/** A wait that can be ended early. */
export class Waker {
  #wake;
  #called = false;

  /** Ends the wait, or the next one if there is none. */
  call() {
    this.#called = true;
    this.#wake?.();
  }

  /** Waits for so many milliseconds, or until called; `Infinity` waits for a call alone. */
  async wait(milliseconds) {
    if (!this.#called) {
      await new Promise((resolve) => {
        const timer = milliseconds === Infinity ? undefined : setTimeout(resolve, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#called = false;
  }
}
