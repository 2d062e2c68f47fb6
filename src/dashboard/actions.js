import { serverPath } from "./api.js";
import { visibleText } from "./format.js";

/** States in which a server gets requests. */
const TRUSTED = new Set(["up", "on_trial"]);

/** Actions on a server, from its row. */
export class Actions {
  #api;
  #dialog;
  #states;
  #notices;
  #changed;
  #edit;

  /**
   * @param api The API.
   * @param {{ dialog: object, notices: object, states(): Map<string, string>, changed(): void,
   * edit(server: object): void }} parts `dialog` asks, `notices` tell, `states` knows how the
   * servers are, `changed` is called after each change, `edit` opens the form.
   */
  constructor(api, { dialog, notices, states, changed, edit }) {
    this.#api = api;
    this.#dialog = dialog;
    this.#notices = notices;
    this.#states = states;
    this.#changed = changed;
    this.#edit = edit;
  }

  /** The entries of a server's menu. */
  menu(server) {
    const check = { text: "Check now", run: () => this.#run(() => this.#check(server)) };
    // All else is done to the entry that has discovered it.
    if (server.discovered_by !== undefined) return [check];
    return [
      this.#drainEntry(server),
      check,
      {
        text: "Remove…",
        danger: true,
        run: () => this.#run(() => this.#remove(server)),
      },
    ];
  }

  #drainEntry(server) {
    if (server.state !== "draining") {
      return { text: "Drain", run: () => this.#run(() => this.#drain(server)) };
    }
    // To be enabled would not be enough for it.
    if (server.weight === 0) return { text: "Set a weight…", run: () => this.#edit(server) };
    return { text: "Enable", run: () => this.#run(() => this.#enable(server)) };
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

  async #run(action) {
    try {
      const done = await action();
      if (done === undefined) return;
      this.#notices.tell(done);
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
    return `Draining ${visibleText(server.name)}`;
  }

  async #enable(server) {
    await this.#api.change("POST", `${serverPath(server.url)}/enable`);
    return `Enabled ${visibleText(server.name)}`;
  }

  async #check(server) {
    const { value } = await this.#api.change("POST", `${serverPath(server.url)}/check`);
    const name = visibleText(server.name);
    return `${name} ${value.passed ? "passed" : "failed"} its check: ${visibleText(value.detail)}`;
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
    return `Removed ${visibleText(server.name)}`;
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

/**
 * Warns of a change after which no server would take requests, or only servers that are down.
 *
 * @param {{ url: string, before: number, after: number }[]} shares The result of a dry run.
 * @param {Map<string, string>} states The state of each server, by URL.
 * @returns {string} The warning; empty if the change is harmless, or makes nothing worse.
 */
export function harm(shares, states) {
  const takers = shares.filter(({ after }) => after > 0);
  if (takers.length === 0) {
    if (!shares.some(({ before }) => before > 0)) return "";
    return "No server would be left to take requests. Clients would get 503 until there is one.";
  }
  if (takers.some(({ url }) => isTrusted(url, states))) return "";
  if (!shares.some(({ url, before }) => before > 0 && isTrusted(url, states))) return "";
  return "Only servers that are down would be left to take requests.";
}

function isTrusted(url, states) {
  return TRUSTED.has(states.get(url));
}
