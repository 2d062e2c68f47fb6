import { getLogger } from "@logtape/logtape";
import { invalid } from "../../config/validate.ts";
import type { KeyFault } from "../../model/registry_report.ts";
import type { EtcdChange, EtcdKeyValue } from "../etcd/etcd_types.ts";
import type { KeyOwner } from "../store/key_owner.ts";
import { KeyFaults } from "../store/key_faults.ts";
import { isMemberId, type Member, readMember } from "./member_value.ts";

const logger = getLogger(["ballast", "fleet"]);

/** The balancers that are up, as their keys say. */
export class MemberStore implements KeyOwner {
  readonly #prefix: string;
  readonly #onChange: () => void;
  readonly #faults = new KeyFaults();
  #members = new Map<string, Member>();

  /**
   * @param prefix What their keys begin with.
   * @param onChange Called when they have changed.
   */
  constructor(prefix: string, onChange: () => void) {
    this.#prefix = prefix;
    this.#onChange = onChange;
  }

  /** They, by id. */
  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** What there is that is none. */
  faults(): KeyFault[] {
    return this.#faults.list();
  }

  reset(entries: readonly EtcdKeyValue[]): void {
    this.#faults.retain(entries);
    const before = this.#members;
    this.#members = new Map();
    for (const entry of entries) this.#put(entry, before);
    for (const [id, member] of before) if (!this.#members.has(id)) left(member);
    this.#onChange();
  }

  change(changes: readonly EtcdChange[]): void {
    for (const change of changes) {
      if (change.type === "put") this.#put(change.entry, this.#members);
      else this.#delete(change.key);
    }
    this.#onChange();
  }

  #put(entry: EtcdKeyValue, known: ReadonlyMap<string, Member>): void {
    const id = entry.key.slice(this.#prefix.length);
    const member = this.#faults.read(entry, (value) => {
      if (isMemberId(id)) return readMember(id, value);
      const message = "must end with the id of a balancer: at most 64 letters, digits, _, - and .";
      throw invalid("the key", [{ path: "", message }]);
    });
    if (member === undefined) return;
    this.#members.set(id, member);
    if (!known.has(id)) logger.info("{name} has joined ({id})", { name: member.name, id });
  }

  #delete(key: string): void {
    this.#faults.forget(key);
    const id = key.slice(this.#prefix.length);
    const member = this.#members.get(id);
    this.#members.delete(id);
    if (member !== undefined) left(member);
  }
}

function left({ id, name }: Member): void {
  logger.info("{name} has left ({id})", { name, id });
}
