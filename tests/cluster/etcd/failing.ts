import { assert } from "@std/assert";
import { EtcdError } from "../../../src/cluster/etcd/etcd_types.ts";

/** What a call of etcd fails with: the failure and the message. */
export async function failing(
  call: Promise<unknown>,
): Promise<[failure: EtcdError["failure"], message: string]> {
  const error = await call.then(() => undefined, (error) => error);
  assert(error instanceof EtcdError, `not an error of etcd: ${error}`);
  return [error.failure, error.message];
}
