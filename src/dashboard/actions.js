import { serverPath } from "./api.js";
import { visibleText } from "./format.js";
import { harm } from "./impact.js";

/** What can be done to a server from its row. */
export class Actions {
  #api;
  #dialog;
  #states;
  #notices;
  #changed;

  /**
   * @param api The API.
   * @param {{ dialog: object, notices: object, states(): Map<string, string>, changed(): void }}
   * parts `dialog` asks, `notices` tell, `states` knows how the servers are, `changed` is called
   * after each change.
   */
  constructor(api, { dialog, notices, states, changed }) {
    this.#api = api;
    this.#dialog = dialog;
    this.#notices = notices;
    this.#states = states;
    this.#changed = changed;
  }

  /** The entries of a server's menu. */
  menu(server) {
    const drain = server.state === "draining"
      ? { text: "Enable", run: () => this.#run(server, () => this.#enable(server)) }
      : { text: "Drain", run: () => this.#run(server, () => this.#drain(server)) };
    return [
      drain,
      { text: "Check now", run: () => this.#run(server, () => this.#check(server)) },
      {
        text: "Remove…",
        danger: true,
        run: () => this.#run(server, () => this.#remove(server)),
      },
    ];
  }

  /**
   * Asks before a change that would leave no server, and only then.
   *
   * @param {{ path: string, body: object, etag: string | null, server: object }} change The change.
   */
  async confirmEdit({ path, body, etag, server }) {
    const { value } = await this.#api.change("PATCH", path, { body, etag, dryRun: true });
    return await this.#confirmHarm(server, value.shares, "Save anyway");
  }

  async #run(server, action) {
    try {
      const done = await action();
      if (done === undefined) return;
      this.#notices.tell(`${done} ${visibleText(server.name)}`);
    } catch (error) {
      this.#notices.tell(error.message, true);
    }
    this.#changed();
  }

  async #drain(server) {
    const path = `${serverPath(server.url)}/drain`;
    const { value } = await this.#api.change("POST", path, { dryRun: true });
    if (!await this.#confirmHarm(server, value.shares, "Drain anyway")) return undefined;
    await this.#api.change("POST", path);
    return "Draining";
  }

  async #enable(server) {
    await this.#api.change("POST", `${serverPath(server.url)}/enable`);
    return "Enabled";
  }

  async #check(server) {
    await this.#api.change("POST", `${serverPath(server.url)}/check`);
    return "Checked";
  }

  async #remove(server) {
    const path = serverPath(server.url);
    const { value } = await this.#api.change("DELETE", path, { dryRun: true });
    const isSure = await this.#dialog.ask({
      title: `Remove ${visibleText(server.name)}?`,
      text: `${server.url} gets no more requests. Those that it is working on may finish.`,
      warning: harm(value.shares, this.#states()),
      action: "Remove",
      shares: value.shares,
    });
    if (!isSure) return undefined;
    await this.#api.change("DELETE", path);
    return "Removed";
  }

  async #confirmHarm(server, shares, action) {
    const warning = harm(shares, this.#states());
    if (warning === "") return true;
    return await this.#dialog.ask({
      title: `Take ${visibleText(server.name)} out?`,
      text: "It is the last server that takes requests and is up.",
      warning,
      action,
      shares,
    });
  }
}
