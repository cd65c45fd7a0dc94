// The role of a person who signs in by OpenID Connect: the claim's values against the mapping of the configuration. Pure.
import { type PortalRole, portalRoles } from './access.ts';

/** One line of http.oidc.roles: people whose claim contains the value have the role; `*` matches everyone whom the provider signs in. */
export interface RoleMapping {
  role: PortalRole;
  value: string;
}

/** Values of a claim; a dot separates nested objects (Keycloak: realm_access.roles), unless the claim's own name contains the dot. */
export function claimValues(claims: Readonly<Record<string, unknown>>, name: string): string[] {
  const found = Object.hasOwn(claims, name)
    ? claims[name]
    : name
        .split('.')
        .reduce<unknown>(
          (at, part) =>
            typeof at === 'object' && at !== null && Object.hasOwn(at, part)
              ? (at as Record<string, unknown>)[part]
              : undefined,
          claims,
        );
  return [found].flat().filter((value) => typeof value === 'string');
}

/** The highest role in the mapping; undefined if there is none. */
export function roleOf(values: readonly string[], mappings: readonly RoleMapping[]): PortalRole | undefined {
  const given = mappings.filter(({ value }) => value === '*' || values.includes(value)).map(({ role }) => role);
  return portalRoles.findLast((role) => given.includes(role));
}

/**
 * Entra ID omits the claim groups when a person is in more than 200 groups, and names an endpoint instead (`_claim_names`), which requires a permission
 * of its own: the refusal explains this. https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference#groups-overage-claim
 */
export const isOverage = (claims: Readonly<Record<string, unknown>>, name: string): boolean =>
  claims.hasgroups === true ||
  (typeof claims._claim_names === 'object' && claims._claim_names !== null && Object.hasOwn(claims._claim_names, name));
