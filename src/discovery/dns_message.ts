// @ts-types="@types/dns-packet"
import { type Answer, decode, type DecodedPacket, encode, type OptAnswer } from "dns-packet";
import { Buffer } from "node:buffer";
import { isDnsName } from "../model/host.ts";
import { formatIpAddress, isUnspecifiedAddress, parseIpAddress } from "../model/ip_address.ts";
import {
  type DnsAnswer,
  DnsFailure,
  plainName,
  type RecordType,
  type ServiceRecord,
} from "./dns_resolver.ts";

/** Asks the server to resolve names recursively (RFC 1035 §4.1.1). */
const RECURSION_DESIRED = 1 << 8;
/** The longest chain of CNAME records that is followed. */
const ALIASES_MAX = 16;
/** TTLs above this count as 0 (RFC 2181 §8). */
const TTL_MAX = 2 ** 31 - 1;

/** A question to a name server. */
export interface DnsQuestion {
  /** The identifier that the answer must repeat, 0 to 65535. */
  readonly id: number;
  /** The full name. */
  readonly name: string;
  /** The type of the records. */
  readonly type: RecordType;
}

/**
 * Encodes a question (RFC 1035 §4).
 *
 * @param question The question.
 * @param payloadSize The largest answer over UDP in bytes (RFC 6891 §6.2.3). Default: 512, which UDP
 * has without EDNS.
 */
export function writeQuestion(question: DnsQuestion, payloadSize?: number): Uint8Array {
  const { id, name, type } = question;
  const options: OptAnswer[] = payloadSize === undefined ? [] : [{
    type: "OPT",
    name: ".",
    udpPayloadSize: payloadSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  }];
  return encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals: options,
  });
}

/**
 * Decodes the answer to a question.
 *
 * @param message The received message.
 * @param question The question.
 * @throws {DnsFailure} If it is not a usable answer.
 */
export function readAnswer(message: Uint8Array, question: DnsQuestion): DnsAnswer {
  const packet = parse(message);
  const { rcode } = packet as DecodedPacket & { readonly rcode: string };
  if (!isAbout(packet, question)) throw new DnsFailure("it answered something else");
  if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") throw new DnsFailure(`it answered ${rcode}`);
  if (packet.flag_tc) throw new DnsFailure("its answer is too large for UDP");
  const records = (packet.answers ?? []).filter(({ type }) => type !== "OPT");
  const { name, chain } = followAliases(records, question.name);
  const own = records.filter((record) => isNamed(record, name) && record.type === question.type);
  const others = [...records, ...packet.additionals ?? []];
  const services = own.flatMap(serviceOf);
  const hosts = addressesByName(services, others);
  const used = [...chain, ...own, ...others.filter((record) => hosts.has(plainName(record.name)))];
  const addresses = own.flatMap(addressOf);
  const isEmpty = addresses.length === 0 && services.length === 0;
  return {
    ttl: Math.min(...used.map(timeOf)),
    addresses,
    services,
    hosts,
    empty: isEmpty ? whyEmpty(question, rcode) : undefined,
  };
}

function parse({ buffer, byteOffset, byteLength }: Uint8Array): DecodedPacket {
  try {
    return decode(Buffer.from(buffer, byteOffset, byteLength));
  } catch (cause) {
    // It ends within a record, or a name in it points nowhere.
    throw new DnsFailure("its answer is malformed", { cause });
  }
}

function isAbout({ type, id, questions }: DecodedPacket, question: DnsQuestion): boolean {
  const [asked, ...more] = questions ?? [];
  return type === "response" && id === question.id && more.length === 0 &&
    asked?.type === question.type && plainName(asked.name) === plainName(question.name);
}

/** Follows CNAME records: returns the name at the end of the chain, and the chain. */
function followAliases(
  records: readonly Answer[],
  name: string,
): { name: string; chain: Answer[] } {
  const chain: Answer[] = [];
  for (let at = name; chain.length < ALIASES_MAX;) {
    const alias = records.find((record) => record.type === "CNAME" && isNamed(record, at));
    if (alias?.type !== "CNAME") return { name: at, chain };
    chain.push(alias);
    at = alias.data;
  }
  throw new DnsFailure("its answer has an endless chain of CNAME records");
}

function isNamed({ name }: Answer, wanted: string): boolean {
  return plainName(name) === plainName(wanted);
}

function addressOf(record: Answer): string[] {
  if (record.type !== "A" && record.type !== "AAAA") return [];
  const bytes = parseIpAddress(record.data);
  // Name servers that block names answer 0.0.0.0, which would be this machine.
  return bytes === undefined || isUnspecifiedAddress(bytes) ? [] : [formatIpAddress(bytes)];
}

function serviceOf(record: Answer): ServiceRecord[] {
  if (record.type !== "SRV") return [];
  const { priority = 0, weight = 0, port, target } = record.data;
  const name = target.replace(/\.$/, "");
  // A target of "." means that there is no such service (RFC 2782).
  return !isDnsName(name) || port === 0 ? [] : [{ priority, weight, port, target: name }];
}

/** The addresses of targets in the additional records. */
function addressesByName(
  services: readonly ServiceRecord[],
  records: readonly Answer[],
): Map<string, string[]> {
  const targets = new Set(services.map(({ target }) => plainName(target)));
  const byName = new Map<string, string[]>();
  for (const record of records) {
    const name = plainName(record.name);
    const addresses = addressOf(record);
    if (!targets.has(name) || addresses.length === 0) continue;
    byName.set(name, [...byName.get(name) ?? [], ...addresses]);
  }
  return byName;
}

function timeOf(record: Answer): number {
  const ttl = "ttl" in record ? record.ttl ?? 0 : 0;
  return ttl > TTL_MAX ? 0 : ttl;
}

function whyEmpty({ name, type }: DnsQuestion, rcode: string): string {
  return rcode === "NXDOMAIN" ? `there is no ${name} (NXDOMAIN)` : `${name} has no ${type} records`;
}
