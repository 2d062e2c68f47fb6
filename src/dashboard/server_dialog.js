import { Problem, serverPath } from "./api.js";
import { byId, element, setText, show } from "./dom.js";
import { differences } from "./event_list.js";
import { visibleText } from "./format.js";
import { ServerFields } from "./server_fields.js";

/** The dialog in which a server is added or edited. */
export class ServerDialog {
  #api;
  #confirm;
  #done;
  #dialog = byId("server-dialog");
  #fields = new ServerFields(byId("server-fields"));
  #conflict = byId("server-dialog-conflict");
  #error = byId("server-dialog-error");
  #isBusy = false;
  /** The edited server, as it was read; undefined for a new one. */
  #edited;
  #etag = null;

  /**
   * @param api The API.
   * @param {{ confirm(change: object): Promise<boolean>, done(text: string): void }} options
   * `confirm` is asked before what may hurt; `done` is told what was done.
   */
  constructor(api, { confirm, done }) {
    this.#api = api;
    this.#confirm = confirm;
    this.#done = done;
    byId("server-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Opens it for a new server. */
  add() {
    this.#edited = undefined;
    this.#etag = null;
    this.#open("Add a server", "Add server");
  }

  /**
   * Opens it for a server, as it is now.
   *
   * @throws {Problem} If it is no longer there.
   */
  async edit({ url }) {
    await this.#load(url);
    this.#open(`Edit ${visibleText(this.#edited.name)}`, "Save");
  }

  async #load(url) {
    const { value, etag } = await this.#api.get(serverPath(url));
    this.#edited = value;
    this.#etag = etag;
  }

  #open(title, action) {
    setText(byId("server-dialog-title"), title);
    setText(byId("server-dialog-submit"), action);
    this.#fill();
    this.#dialog.showModal();
    this.#fields.focus();
  }

  #fill() {
    this.#fields.fill(this.#edited);
    show(this.#conflict, false);
    show(this.#error, false);
  }

  async #submit() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      show(this.#error, false);
      this.#fields.clearFaults();
      const done = this.#edited === undefined ? await this.#add() : await this.#save();
      if (done !== undefined) {
        this.#dialog.close();
        if (done !== "") this.#done(done);
      }
    } catch (error) {
      await this.#explain(error);
    } finally {
      this.#isBusy = false;
    }
  }

  async #add() {
    const { value } = await this.#api.change("POST", "add", { body: this.#fields.all() });
    return `Added ${visibleText(value.name)}`;
  }

  /** Saves the changes; undefined where the user thought better of it. */
  async #save() {
    const body = this.#fields.changes();
    if (Object.keys(body).length === 0) return "";
    const change = { path: serverPath(this.#edited.url), body, etag: this.#etag };
    const takesNone = body.weight === 0 || body.draining === true;
    const server = this.#edited;
    if (takesNone && !await this.#confirm({ ...change, server })) return undefined;
    await this.#api.change("PATCH", change.path, { body, etag: this.#etag });
    return `Changed ${visibleText(body.name ?? server.name)}`;
  }

  async #explain(error) {
    if (error.status === 412) {
      await this.#showConflict();
      return;
    }
    const faults = error instanceof Problem ? error.errors : [];
    const others = this.#fields.showFaults(faults);
    // A fault that is shown beside its field is not repeated.
    if (faults.length > 0 && others.length === 0) return;
    setText(this.#error, error.message);
    show(this.#error, true);
  }

  /** Says what somebody else has changed meanwhile, and offers to go on from there. */
  async #showConflict() {
    const before = this.#edited;
    let theirs;
    try {
      theirs = await this.#api.get(serverPath(before.url));
    } catch (error) {
      setText(this.#error, error.message);
      show(this.#error, true);
      return;
    }
    const what = differences(before, theirs.value);
    const reload = element("button", { type: "button" }, "Reload their values");
    // Until then the form keeps the old tag, so that saving fails again.
    reload.addEventListener("click", () => {
      this.#edited = theirs.value;
      this.#etag = theirs.etag;
      this.#fill();
      this.#fields.focus();
    });
    this.#conflict.replaceChildren(
      element("p", {}, "Someone else has changed this server in the meantime; nothing was saved."),
      element(
        "p",
        {},
        element("strong", {}, what === "" ? "It was changed, then changed back" : what),
      ),
      reload,
    );
    show(this.#conflict, true);
    reload.focus();
  }
}
