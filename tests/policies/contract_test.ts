import type { PolicyName } from "../../src/model/settings.ts";
import { ClientHash } from "../../src/policies/client_hash.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";
import { RandomTwoChoices } from "../../src/policies/random_two_choices.ts";
import { RoundRobin } from "../../src/policies/round_robin.ts";
import { seededRandom } from "../testing/picking.ts";
import { byChance, type Subject, testContract } from "./contract.ts";

const SUBJECTS: Readonly<Record<PolicyName, Subject>> = {
  least_connections: {
    name: "LeastConnections",
    make: () => new LeastConnections(),
    tolerance: () => 1,
  },
  round_robin: { name: "RoundRobin", make: () => new RoundRobin(), tolerance: () => 1 },
  random_two_choices: {
    name: "RandomTwoChoices",
    make: () => new RandomTwoChoices(seededRandom(1)),
    tolerance: byChance,
  },
  client_hash: {
    name: "ClientHash",
    make: (servers) => new ClientHash(servers),
    tolerance: byChance,
  },
};

for (const subject of Object.values(SUBJECTS)) testContract(subject);
