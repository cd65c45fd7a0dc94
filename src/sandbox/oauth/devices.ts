// Device codes: what the device polls with, and what the person enters (RFC 8628).
import { randomBytes } from 'node:crypto';
import type { Settings } from '../config.ts';
import type { Directory } from '../directory.ts';
import { entraFailure, type OAuthFailure } from './errors.ts';

interface DeviceCode {
  clientId: string;
  scope: string;
  userCode: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  person: string | undefined;
  declined: boolean;
}

export function createDevices({ oauth }: Settings, directory: Directory) {
  const devices = new Map<string, DeviceCode>();
  return {
    start(clientId: string, scope: string): { deviceCode: string; userCode: string } {
      const deviceCode = randomBytes(32).toString('base64url');
      const userCode = randomBytes(6).toString('hex').slice(0, 9).toUpperCase();
      const person = oauth.autoApprove === true ? directory.persons()[0]?.address : oauth.autoApprove || undefined;
      const expiresAt = Date.now() + oauth.deviceLifetime * 1000;
      devices.set(deviceCode, { clientId, scope, userCode, expiresAt, person, declined: false });
      return { deviceCode, userCode };
    },
    /** A person approves what a device shows, or declines it. @returns false when the code is unknown */
    settle(userCode: string, person: string | undefined): boolean {
      const device = [...devices.values()].find((item) => item.userCode === userCode.trim().toUpperCase());
      if (!device) return false;
      if (person === undefined) device.declined = true;
      else device.person = person;
      return true;
    },
    pending: (): string[] =>
      [...devices.values()].filter(({ person, declined }) => !person && !declined).map(({ userCode }) => userCode),
    /** A poll. @returns the person's approval once, or why there is none */
    redeem(deviceCode: string): { person: string; scope: string } | OAuthFailure {
      const device = devices.get(deviceCode);
      if (!device) return entraFailure(70018);
      if (Date.now() > device.expiresAt) return entraFailure(70019);
      if (device.declined)
        return { status: 400, body: { ...entraFailure(65004).body, error: 'authorization_declined' } };
      if (device.person === undefined) return entraFailure(70016);
      devices.delete(deviceCode);
      return { person: device.person, scope: device.scope };
    },
  };
}
