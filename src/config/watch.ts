// Email servers at run time: files and portal merged into one list, read again on every change (files.ts). An unreadable source
// keeps its last valid definitions, and is reported.

import type { ApplicationFacts } from '../domain/dated-changes.ts';
import type { EmailServerList } from '../domain/email-server.ts';
import { checkEmailServers } from '../domain/email-server-check.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import type { Finding } from '../domain/finding.ts';
import { defined } from '../lib/defined.ts';
import type { Emit } from '../telemetry/events.ts';
import { combine, type Found, type PortalDefinitions, readDefinitionFile, readPortal } from './email-servers.ts';
import { watchFiles } from './files.ts';
import { nameOf, reasonOf } from './problem.ts';
import { parseYaml } from './yaml.ts';

export interface WatchSettings {
  /** Absolute paths; files that do not exist are noticed when they appear. */
  files: readonly string[];
  portal?: PortalDefinitions;
  /** The OAuth2 applications, for the cross-checks. */
  applications: () => readonly ApplicationFacts[];
  /** Applications that are wrong in the configuration: name → what is wrong. */
  wrongApplications?: () => ReadonlyMap<string, string>;
  /** Describes what is missing when no server is defined at all. */
  missing?: () => string;
  emit: Emit;
  /** Default: process.env. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds between polls. */
  pollMs?: number;
  /** Milliseconds without a change before it is read: editors write in steps. */
  debounceMs?: number;
}

export type EmailServerWatch = Awaited<ReturnType<typeof watchEmailServers>>;

/** Milliseconds for the definitions of the portal. */
const PORTAL_MS = 5_000;

/** Reads everything once, then watches. A file that is unreadable at startup counts as empty, and is reported like any other. */
export async function watchEmailServers(settings: WatchSettings) {
  const { files, portal, applications, missing, emit, env = process.env, pollMs = 5_000, debounceMs = 100 } = settings;
  const wrongApplications = settings.wrongApplications ?? (() => new Map<string, string>());
  const sources = definitionSources(files, portal, emit);
  const listeners = new Set<(list: EmailServerList) => void>();
  let list: EmailServerList = { servers: [], invalid: [], revision: 0 };
  let checked: { day: string; findings: readonly Finding[] } | undefined;
  let shape = '';
  let stopped = false;

  /** Once for each list and day: some findings depend on the date. */
  function findings(): readonly Finding[] {
    const now = new Date();
    const day = now.toISOString().slice(0, 10);
    if (checked?.day !== day) {
      const context = { applications: applications(), wrong: wrongApplications(), now };
      checked = { day, findings: checkEmailServers(list.servers, context) };
    }
    return checked.findings;
  }

  const reload = oneAtATime(async () => {
    if (stopped) return;
    await sources.read();
    if (stopped) return;
    const combined = combine(sources.found(), env);
    const next = JSON.stringify([combined, applications().map(shapeOf), [...wrongApplications()]]);
    if (next === shape) return;
    shape = next;
    list = { ...combined, revision: list.revision + 1 };
    checked = undefined;
    emitList(list, findings(), emit);
    if (list.servers.length + list.invalid.length === 0) emit('EmailServersMissing', { reason: missing?.() ?? '' });
    for (const listener of listeners) listener(list);
  });

  const fileWatch = watchFiles({
    files: () => files,
    // A listener that throws must not end the process, nor keep the next change from being read.
    onChange: () =>
      void reload().catch((error: unknown) =>
        emit('EmailServersUnreadable', { kind: 'listener', err: asError(error) }),
      ),
    // An unreadable source is read at each poll: permissions and Redis recover without a change of the file.
    restless: () => sources.unreadable().length > 0,
    pollMs,
    debounceMs,
  });
  const unsubscribe = portal?.onChange(fileWatch.changed);
  await reload();

  return {
    current: (): EmailServerList => list,
    /** The findings of the cross-checks for the current list. */
    findings,
    /** Why files or the portal cannot be read at present. */
    unreadable: sources.unreadable,
    /** Calls back with each list that differs from the previous one. */
    onChange(listener: (list: EmailServerList) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    /** Reads everything at once, as after a write by this process. */
    reload,
    stop(): void {
      stopped = true;
      fileWatch.stop();
      unsubscribe?.();
      listeners.clear();
    },
  };
}

/** Files and portal, each with the definitions of its last successful read. */
function definitionSources(files: readonly string[], portal: PortalDefinitions | undefined, emit: Emit) {
  const good = new Map<string, readonly Found[]>();
  const broken = new Map<string, string>();
  const parsed = new Map<string, { text: string; content: unknown }>();

  function take(source: string, read: readonly Found[]): void {
    const before = good.get(source) ?? [];
    // A volume that is not mounted looks the same as an intention to stop everything.
    if (read.length === 0 && before.length > 0 && source !== 'portal') {
      const names = before.map(({ definition }) => nameOf(definition) ?? '').filter((name) => name !== '');
      emit('EmailServersEmptied', { count: before.length, reason: source, detail: { servers: names } });
    }
    good.set(source, read);
    broken.delete(source);
  }

  function refuse(source: string, thrown: unknown): void {
    const err =
      thrown instanceof MailroomError
        ? thrown
        : new MailroomError('EMAIL_SERVERS_UNREADABLE', { message: asError(thrown).message });
    if (broken.get(source) === err.message) return;
    broken.set(source, err.message);
    emit('EmailServersUnreadable', { kind: source === 'portal' ? 'portal' : 'file', err });
  }

  /** Parsing a thousand definitions takes a good part of a second, and they are read again every minute. */
  function parseOnce(file: string, text: string): unknown {
    // A file that is being written, or a full disk. Nobody stops all servers by that.
    if (text.trim() === '' && (good.get(file) ?? []).length > 0)
      throw new Error('is empty; its last servers stay (emailServers: [] removes them)');
    const last = parsed.get(file);
    if (last?.text === text) return last.content;
    const content = parseYaml(text);
    parsed.set(file, { text, content });
    return content;
  }

  return {
    async read(): Promise<void> {
      for (const file of files)
        try {
          take(
            file,
            readDefinitionFile(file, (text) => parseOnce(file, text)),
          );
        } catch (error) {
          refuse(file, error);
        }
      if (portal === undefined) return;
      try {
        take('portal', await inTime(readPortal(portal)));
      } catch (error) {
        refuse('portal', error);
      }
    },
    found: (): Found[] => [...files, 'portal'].flatMap((source) => good.get(source) ?? []),
    unreadable: (): string[] => [...broken.values()],
  };
}

/** @returns runs the work, one run at a time: a call during a run leads to another run after it, which it waits for */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let again = false;
  return () => {
    if (running) again = true;
    running ??= (async () => {
      do {
        again = false;
        await work();
      } while (again);
    })().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** Redis commands wait without limit while it is unreachable; files must not wait with them. */
function inTime<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new MailroomError('REDIS_UNREACHABLE')), PORTAL_MS);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** What the findings depend on, without a secret. */
const shapeOf = ({ name, generic, credentials }: ApplicationFacts) => [
  name,
  generic !== undefined,
  credentials.map((one) => [one.kind, 'expires' in one ? one.expires : undefined]),
];

/** One event for the list, one for each invalid definition, one for each finding. */
function emitList(list: EmailServerList, findings: readonly Finding[], emit: Emit): void {
  const enabled = list.servers.filter((server) => server.enabled).length;
  emit('EmailServersLoaded', {
    count: list.servers.length,
    detail: { enabled, invalid: list.invalid.length, revision: list.revision },
  });
  for (const { name, source, problems } of list.invalid) {
    emit('EmailServerInvalid', {
      server: name ?? '',
      kind: source,
      ...defined({ field: problems[0]?.field }),
      reason: reasonOf(problems),
    });
  }
  for (const { code, server, message, hint } of findings.filter(({ severity }) => severity === 'warning')) {
    const event = code === 'SHARED_ADDRESS_NOT_PERMITTED' ? 'SharedAddressNotPermitted' : 'EmailServerQuestionable';
    emit(event, { server, code, reason: message, hint: hint.en });
  }
}
