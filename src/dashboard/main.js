import { Actions } from "./actions.js";
import { Api } from "./api.js";
import { Balancers } from "./balancers.js";
import { byId, setAttribute, setText } from "./dom.js";
import { EventList } from "./event_list.js";
import { EventStream } from "./event_stream.js";
import { ServerTable } from "./server_table.js";
import { visibleText } from "./format.js";
import { ImpactDialog } from "./impact_dialog.js";
import { Notices } from "./notices.js";
import { Poller } from "./poller.js";
import { RowMenu } from "./row_menu.js";
import { ServerDialog } from "./server_dialog.js";
import { Summary } from "./summary.js";
import { TokenDialog } from "./token_dialog.js";
import { TrafficCharts } from "./traffic_charts.js";

/** The page: what is read goes to the parts that show it, and what is done to the API. */
class Dashboard {
  #tokens = new TokenDialog();
  #api = new Api(this.#tokens);
  #notices = new Notices();
  #summary = new Summary();
  #charts = new TrafficCharts();
  #balancers = new Balancers(this.#api);
  #list = new EventList();
  #menu = new RowMenu();
  #poller = new Poller(this.#api, this.#statsListener());
  #stream = new EventStream(this.#api, this.#eventListener());
  #states = new Map();
  #isOffline = false;
  #isFollowing = false;
  /** The balancer's time when the page first heard of it; what is older is no news. */
  #since;

  #actions = new Actions(this.#api, {
    dialog: new ImpactDialog(),
    notices: this.#notices,
    states: () => this.#states,
    changed: () => this.#poller.poke(),
    edit: (server) => this.#edit(server),
  });
  #dialog = new ServerDialog(this.#api, {
    confirm: (change) => this.#actions.confirmEdit(change),
    done: (text) => {
      this.#notices.tell(text);
      this.#poller.poke();
    },
  });
  #serverTable = new ServerTable({
    add: () => this.#dialog.add(),
    edit: (server) => this.#edit(server),
    more: (row, button) => this.#openMenu(row.server, button),
  });

  /** Begins. */
  start() {
    for (const button of document.querySelectorAll("dialog [data-close]")) {
      button.addEventListener("click", () => button.closest("dialog").close());
    }
    this.#poller.run();
    this.#stream.run();
  }

  async #edit(server) {
    try {
      await this.#dialog.edit(server);
    } catch (error) {
      this.#notices.tell(error.message, true);
      this.#poller.poke();
    }
  }

  #openMenu(server, button) {
    this.#menu.open(button, `More for ${visibleText(server.name)}`, this.#actions.menu(server));
  }

  #statsListener() {
    return {
      stats: (stats) => this.#show(stats),
      offline: () => this.#goOffline("The balancer cannot be reached. Trying again…"),
      refused: (problem) => this.#refuse(problem),
    };
  }

  #show(stats) {
    this.#since ??= Date.parse(stats.time);
    this.#states = new Map(stats.servers.map(({ url, state }) => [url, state]));
    if (this.#isOffline) {
      this.#isOffline = false;
      this.#notices.clear();
      this.#notices.announce("The balancer is back");
      this.#stream.poke();
    }
    setAttribute(byId("main"), "data-stale", undefined);
    this.#summary.update(stats);
    this.#charts.add(stats);
    this.#serverTable.update(stats);
    this.#balancers.update(stats);
    this.#showConnection();
  }

  #goOffline(text, action) {
    this.#isOffline = true;
    this.#charts.addGap();
    setAttribute(byId("main"), "data-stale", true);
    this.#notices.warn(text, action);
    this.#showConnection();
  }

  #refuse(problem) {
    if (problem.status !== 401) {
      this.#goOffline(problem.message);
      return;
    }
    this.#goOffline("This balancer requires a token.", {
      text: "Enter the token",
      run: () => {
        this.#tokens.allow();
        this.#poller.poke();
      },
    });
  }

  #eventListener() {
    return {
      event: ({ type, data }) => this.#take(type, data),
      state: (isOpen) => {
        this.#isFollowing = isOpen;
        this.#showConnection();
        // Whoever closes the connection may be gone altogether.
        if (!isOpen) this.#poller.poke();
      },
    };
  }

  #take(type, data) {
    this.#poller.poke();
    if (type === "reset") this.#list.addGap("Some events were missed; the servers are as shown");
    else if (data.server) {
      const line = this.#list.add(type, data);
      if (this.#since !== undefined && Date.parse(data.at) >= this.#since) {
        this.#notices.announce(line);
      }
    }
  }

  #showConnection() {
    const node = byId("connection");
    const state = this.#isOffline ? "offline" : this.#isFollowing ? "live" : "connecting";
    setAttribute(node, "data-state", state);
    setText(node, { offline: "Offline", live: "Live", connecting: "Connecting" }[state]);
  }
}

new Dashboard().start();
