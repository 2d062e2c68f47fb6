import { checkBalancerOptions } from "../../src/balancer/options.ts";
import type { HealthCheck, ProxySettings } from "../../src/model/settings.ts";

/** Settings of a balancer without options. */
export const DEFAULT_SETTINGS: ProxySettings = checkBalancerOptions({}).settings;

/** Health checks of a balancer without options. */
export const DEFAULT_HEALTH_CHECK: HealthCheck = DEFAULT_SETTINGS.healthCheck;
