// OAuth2 applications at run time: the settings and the files of their secrets are read again on every change, and the differences are
// reported by name. An invalid application never affects the others; it keeps its last valid form until it is corrected. All other settings are read
// at startup only: a change to one of them is reported.
import type { InvalidOAuthApplication, OAuthApplication } from '../domain/email-server.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import { defined } from '../lib/defined.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Config } from './config.ts';
import { watchFiles } from './files.ts';
import { entries, type Loaded } from './load.ts';
import { configInvalid, reasonOf } from './problem.ts';

export type ApplicationWatch = ReturnType<typeof watchApplications>;

interface ApplicationWatchSettings {
  config: Config;
  /** Reads the configuration again, as at the start. Absent: nothing ever changes. @throws MailroomError CONFIG_INVALID */
  load?: () => Loaded;
  emit: Emit;
  pollMs?: number;
  debounceMs?: number;
}

export function watchApplications(settings: ApplicationWatchSettings) {
  const { config, load, emit, pollMs = 5_000, debounceMs = 100 } = settings;
  const listeners = new Set<(changed: ReadonlySet<string>) => void>();
  let applications = config.oauthApplications;
  let invalid = config.invalidOAuthApplications;
  let watched: readonly string[] = [];
  let unreadable: string | undefined;
  let restOfSettings = restOf(config);

  /** @throws MailroomError CONFIG_INVALID */
  function take(next: Loaded): void {
    const none = next.config.oauthApplications.length + next.config.invalidOAuthApplications.length === 0;
    const [blank] = next.blank;
    if (none && blank !== undefined && applications.length > 0)
      throw configInvalid([{ field: blank, message: 'is empty; the last OAuth2 applications stay' }]);
    watched = next.watched;
    unreadable = undefined;
    emitIgnored(next.config);
    const before = new Map(applications.map((one) => [one.name, one]));
    const after = new Map(
      // Unchanged applications keep their objects, because caches refer to them (the credential that works, failures).
      next.config.oauthApplications.map((one) => [one.name, same(before.get(one.name), one)]),
    );
    for (const { name } of next.config.invalidOAuthApplications) {
      const last = name === undefined ? undefined : before.get(name);
      if (last !== undefined && !after.has(last.name)) after.set(last.name, last);
    }
    const news = next.config.invalidOAuthApplications;
    if (JSON.stringify(news) !== JSON.stringify(invalid)) emitInvalid(news, new Set(after.keys()), emit);
    const changed = new Set([...before.keys(), ...after.keys()].filter((name) => before.get(name) !== after.get(name)));
    const differs = changed.size > 0 || JSON.stringify(news) !== JSON.stringify(invalid);
    applications = [...after.values()];
    invalid = news;
    for (const name of changed) {
      const kind = !after.has(name) ? 'removed' : before.has(name) ? 'changed' : 'added';
      emit('ApplicationReloaded', { application: name, kind });
    }
    if (differs) for (const listener of listeners) listener(changed);
  }

  function emitIgnored(next: Config): void {
    const rest = restOf(next);
    const fields = [...rest].filter(([path, value]) => restOfSettings.get(path) !== value).map(([path]) => path);
    restOfSettings = rest;
    if (fields.length > 0) emit('SettingsChanged', { detail: { fields } });
  }

  function read(): void {
    if (load === undefined) return;
    try {
      take(load());
    } catch (thrown) {
      const error = thrown instanceof MailroomError ? thrown : asError(thrown);
      if (error.message === unreadable) return;
      unreadable = error.message;
      emit('SettingsUnreadable', { err: error });
    }
  }

  emitInvalid(invalid, new Set(), emit);
  const files =
    load === undefined
      ? undefined
      : watchFiles({
          files: () => watched,
          onChange: read,
          restless: () => unreadable !== undefined,
          pollMs,
          debounceMs,
        });
  read();
  return {
    current: (): readonly OAuthApplication[] => applications,
    /** Applications that are invalid and never were valid: name → problem. */
    wrong: (): ReadonlyMap<string, string> => {
      const known = new Set(applications.map(({ name }) => name));
      return new Map(
        invalid.flatMap(({ name, problems }) =>
          name === undefined || known.has(name) ? [] : [[name, reasonOf(problems)] as const],
        ),
      );
    },
    /** Calls back with the names of added, changed and removed applications. */
    onChange(listener: (changed: ReadonlySet<string>) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    /** Reads at once. */
    reload: read,
    stop(): void {
      files?.stop();
      listeners.clear();
    },
  };
}

const same = (before: OAuthApplication | undefined, after: OAuthApplication): OAuthApplication =>
  before !== undefined && JSON.stringify(before) === JSON.stringify(after) ? before : after;

/** Every other setting by its path, as text to compare; never shown. In development, keys that are not set differ at each reading. */
function restOf(config: Config): Map<string, string> {
  const skipped = [
    'oauthApplications',
    ...(config.mode === 'development' ? ['security.cacheKeys', 'security.conversationKeys'] : []),
  ];
  return new Map(
    entries()
      .map(({ path }) => path)
      .filter((path) => !skipped.includes(path))
      .map((path) => {
        const value = path
          .split('.')
          .reduce<unknown>((node, name) => (node as Record<string, unknown>)?.[name], config);
        return [path, JSON.stringify(value) ?? ''];
      }),
  );
}

function emitInvalid(invalid: readonly InvalidOAuthApplication[], kept: ReadonlySet<string>, emit: Emit): void {
  for (const { name = '', problems } of invalid) {
    emit('ApplicationInvalid', {
      application: name,
      kind: kept.has(name) ? 'last good one stays in force' : 'not usable',
      ...defined({ field: problems[0]?.field }),
      reason: reasonOf(problems),
    });
  }
}
