import { element, setAttribute, setText, show } from "./dom.js";

/**
 * The fields of a server, named as in the API: how the form shows them, and the `term` for them in a
 * sentence. Default: the label.
 */
export const FIELDS = [
  {
    name: "url",
    label: "URL",
    hint: "http or https, for example http://127.0.0.1:3004",
    wide: true,
  },
  { name: "name", label: "Name", hint: "Empty: the URL's host and port", wide: true },
  { name: "weight", label: "Weight", hint: "Default 1; 0 drains", isNumber: true },
  {
    name: "health_check_period",
    label: "Check period, s",
    term: "check period",
    hint: "Default 10; 0 is off",
    isNumber: true,
  },
  {
    name: "max_connections",
    label: "Connection limit",
    hint: "Default 0, no limit",
    isNumber: true,
  },
  {
    name: "draining",
    label: "Draining: takes no new requests",
    term: "draining",
    isSwitch: true,
    wide: true,
  },
];

/** The fields of the form for a server: what is in them, and what is wrong with it. */
export class ServerFields {
  #controls = new Map();
  #initial = {};

  /** @param {HTMLElement} parent Where the fields go. */
  constructor(parent) {
    for (const field of FIELDS) parent.append(this.#make(field));
  }

  /** Fills in a server; without one, the fields are for a new one. */
  fill(server) {
    for (const { field, input, hint } of this.#controls.values()) {
      const value = server?.[field.name];
      if (field.isSwitch) input.checked = value === true;
      else input.value = value === undefined ? "" : String(value);
      // The URL is the server's key, which cannot be changed.
      input.readOnly = server !== undefined && field.name === "url";
      if (hint !== undefined) show(hint, server === undefined || field.isNumber === true);
    }
    this.#initial = this.#read();
    this.clearFaults();
  }

  /** The values of a new server; empty fields are left out. */
  all() {
    return Object.fromEntries(
      Object.entries(this.#read()).filter(([, value]) => value !== "" && value !== false),
    );
  }

  /** The fields that were changed since the form was filled. */
  changes() {
    return Object.fromEntries(
      Object.entries(this.#read()).filter(([name, value]) => value !== this.#initial[name]),
    );
  }

  /** Puts the focus where one begins to write. */
  focus() {
    const controls = [...this.#controls.values()].filter(({ input }) => !input.readOnly);
    controls[0].input.focus();
    if (!controls[0].field.isSwitch) controls[0].input.select();
  }

  /**
   * Shows what is wrong beside each field, and goes to the first.
   *
   * @param {{ field: string, detail: string }[]} faults What the API says.
   * @returns {{ field: string, detail: string }[]} Those that belong to no field.
   */
  showFaults(faults) {
    this.clearFaults();
    const others = [];
    let first;
    for (const { field, detail } of faults) {
      const control = this.#controls.get(field);
      if (control === undefined) others.push({ field, detail });
      else {
        const { input, error } = control;
        setText(error, sentence(detail));
        setAttribute(input, "aria-invalid", "true");
        first ??= input;
      }
    }
    first?.focus();
    return others;
  }

  /** Forgets what was wrong. */
  clearFaults() {
    for (const { input, error } of this.#controls.values()) {
      setText(error, "");
      setAttribute(input, "aria-invalid", undefined);
    }
  }

  #read() {
    const values = [...this.#controls.values()].map(({ field, input }) => {
      if (field.isSwitch) return [field.name, input.checked];
      const text = input.value.trim();
      return [field.name, field.isNumber ? toNumber(text) : text];
    });
    return Object.fromEntries(values);
  }

  #make(field) {
    const { name, label, isNumber, isSwitch, wide } = field;
    const id = `field-${name}`;
    const input = element("input", {
      id,
      name,
      "type": isSwitch ? "checkbox" : "text",
      "inputmode": isNumber ? "numeric" : undefined,
      "autocomplete": "off",
      "spellcheck": isSwitch ? undefined : "false",
      "aria-describedby": `${id}-error${field.hint === undefined ? "" : ` ${id}-hint`}`,
    });
    const error = element("p", { id: `${id}-error`, class: "field-error" });
    const hint = field.hint === undefined
      ? undefined
      : element("p", { id: `${id}-hint`, class: "hint" }, field.hint);
    this.#controls.set(name, { field, input, hint, error });
    const caption = element("label", { for: id }, label);
    const parts = isSwitch ? [element("div", { class: "switch" }, input, caption)] : [
      caption,
      input,
    ];
    if (hint !== undefined) parts.push(hint);
    return element("div", { class: wide ? "field wide" : "field" }, ...parts, error);
  }
}

/** A number where the text is one. Else the text itself: the API says what is wrong with it. */
function toNumber(text) {
  return /^-?[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : text;
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
