import { byId, setAttribute } from "./dom.js";

const KEY = "ballast-api-token";

/**
 * The API's token: kept for as long as this tab is open, and asked for in a dialog. It is written
 * nowhere else.
 */
export class TokenDialog {
  #dialog = byId("token-dialog");
  #input = byId("token");
  #error = byId("token-error");
  #asking;
  #given = false;
  #isRefused = false;

  /** Makes the dialog ready. */
  constructor() {
    byId("token-form").addEventListener("submit", (event) => this.#submit(event));
  }

  /** The token; null where none is known. */
  get current() {
    return sessionStorage.getItem(KEY);
  }

  /**
   * Asks for a token, once for all who want one at the same time.
   *
   * @param {string | null} refused The token that was refused, if one was sent.
   * @returns {Promise<boolean>} Whether there is a new one.
   */
  ask(refused) {
    // Somebody else has asked since.
    if (this.current !== refused) return Promise.resolve(true);
    if (this.#isRefused && !this.#dialog.open) return Promise.resolve(false);
    this.#asking ??= this.#open(refused !== null);
    return this.#asking;
  }

  /** Lets it be asked for again, after the dialog was closed without one. */
  allow() {
    this.#isRefused = false;
  }

  async #open(wasRefused) {
    const closed = new Promise((resolve) =>
      this.#dialog.addEventListener("close", resolve, { once: true })
    );
    this.#given = false;
    this.#input.value = "";
    this.#tell(wasRefused ? "The balancer rejected this token" : "");
    this.#dialog.showModal();
    this.#input.focus();
    await closed;
    this.#input.value = "";
    this.#asking = undefined;
    this.#isRefused = !this.#given;
    return this.#given;
  }

  #submit(event) {
    event.preventDefault();
    const token = this.#input.value.trim();
    // Characters that a header field cannot have would fail to be sent.
    if (!/^[!-~]+$/.test(token)) {
      this.#tell("A token is visible ASCII characters without spaces");
      this.#input.focus();
      return;
    }
    sessionStorage.setItem(KEY, token);
    this.#given = true;
    this.#dialog.close();
  }

  #tell(fault) {
    this.#error.textContent = fault;
    setAttribute(this.#input, "aria-invalid", fault === "" ? undefined : "true");
  }
}
