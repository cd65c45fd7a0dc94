// Who signs in by OpenID Connect has which role: claims against the mapping, as a table.
import { describe, expect, it } from 'vitest';
import { may, permissions, roles } from '../../../src/domain/access.ts';
import { claimValues, isOverage, type RoleMapping, roleOf } from '../../../src/domain/role-claims.ts';

const mapping: RoleMapping[] = [
  { role: 'viewer', value: 'staff' },
  { role: 'administrator', value: 'Mail Admins, EMEA' },
  { role: 'operator', value: 'ops' },
];

describe('roles from claims', () => {
  it.each([
    [{ roles: ['staff'] }, 'roles', 'viewer'],
    [{ roles: ['ops', 'staff'] }, 'roles', 'operator'],
    [{ roles: ['staff', 'Mail Admins, EMEA', 'ops'] }, 'roles', 'administrator'],
    [{ groups: 'ops' }, 'groups', 'operator'],
    [{ realm_access: { roles: ['ops'] } }, 'realm_access.roles', 'operator'],
    [{ 'https://contoso.example/roles': ['ops'] }, 'https://contoso.example/roles', 'operator'],
    [{ roles: ['Staff'] }, 'roles', undefined],
    [{ roles: [{ name: 'ops' }, 7, null] }, 'roles', undefined],
    [{ roles: 'ops staff' }, 'roles', undefined],
    [{}, 'roles', undefined],
    [{ realm_access: 'ops' }, 'realm_access.roles', undefined],
    [{}, 'constructor.name', undefined],
    [{}, '__proto__', undefined],
  ])('%o by %s: %s', (claims, name, role) => expect(roleOf(claimValues(claims, name), mapping)).toBe(role));

  it('include one for everyone by *, and a higher one still counts', () => {
    const all: RoleMapping[] = [{ role: 'viewer', value: '*' }, ...mapping];
    expect(roleOf([], all)).toBe('viewer');
    expect(roleOf(['ops'], all)).toBe('operator');
    expect(roleOf([], [])).toBeUndefined();
  });

  it('are reported as incomplete when Entra ID left groups out', () => {
    expect(isOverage({ _claim_names: { groups: 'src1' } }, 'groups')).toBe(true);
    expect(isOverage({ hasgroups: true }, 'groups')).toBe(true);
    expect(isOverage({ groups: [] }, 'groups')).toBe(false);
  });
});

describe('the table of permissions', () => {
  it('gives each person everything that a lower role has, and a backend nothing that changes servers', () => {
    for (const permission of Object.keys(permissions) as (keyof typeof permissions)[]) {
      if (may('viewer', permission)) expect(may('operator', permission), permission).toBe(true);
      if (may('operator', permission)) expect(may('administrator', permission), permission).toBe(true);
      expect(
        roles.some((role) => may(role, permission)),
        permission,
      ).toBe(true);
    }
    const ofBackend = Object.keys(permissions).filter((permission) => may('backend', permission as 'status:read'));
    expect(ofBackend.filter((permission) => /email-servers|quarantine|audit|release/.test(permission))).toEqual([]);
  });
});
