// Email servers at run time: files and portal merged into one list, read again on every change (files.ts). An unreadable source
// keeps its last valid definitions, and is reported.

import type { ApplicationFacts } from '../domain/dated-changes.ts';
import type { EmailServerList } from '../domain/email-server.ts';
import { checkEmailServers } from '../domain/email-server-check.ts';
import { asError, MailroomError } from '../domain/errors.ts';
import type { Finding } from '../domain/finding.ts';
import type { Emit } from '../telemetry/events.ts';
import {
  combine,
  type Found,
  nameOf,
  type PortalDefinitions,
  readDefinitionFile,
  readPortal,
} from './email-servers.ts';
import { watchFiles } from './files.ts';
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

export interface EmailServerWatch {
  current(): EmailServerList;
  /** The findings of the cross-checks for the current list. */
  findings(): readonly Finding[];
  /** Calls back with each list that differs from the previous one. */
  onChange(listener: (list: EmailServerList) => void): () => void;
  /** Files and portal sources that cannot be read at the moment, with the reason. */
  unreadable(): readonly string[];
  /** Reads everything at once, as after a write by this process. */
  reload(): Promise<void>;
  stop(): void;
}

/** Milliseconds for the definitions of the portal. */
const PORTAL_MS = 5_000;

/** Reads everything once, then watches. A file that is unreadable at startup counts as empty, and is reported like any other. */
export async function watchEmailServers(settings: WatchSettings): Promise<EmailServerWatch> {
  const {
    files,
    portal,
    applications,
    wrongApplications = () => new Map(),
    missing,
    emit,
    env = process.env,
  } = settings;
  const { pollMs = 5_000, debounceMs = 100 } = settings;
  const good = new Map<string, readonly Found[]>();
  const parsed = new Map<string, { text: string; content: unknown }>();
  const broken = new Map<string, string>();
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

  function take(source: string, read: readonly Found[] | MailroomError): void {
    if (!(read instanceof MailroomError)) {
      const before = good.get(source) ?? [];
      // A file that is written in steps, or a volume that is not mounted, looks the same as an intention to stop everything.
      if (read.length === 0 && before.length > 0 && source !== 'portal') {
        const names = before.map(({ definition }) => nameOf(definition) ?? '').filter((name) => name !== '');
        emit('EmailServersEmptied', { count: before.length, reason: source, detail: { servers: names } });
      }
      good.set(source, read);
      broken.delete(source);
      return;
    }
    if (broken.get(source) === read.message) return;
    broken.set(source, read.message);
    emit('EmailServersUnreadable', { kind: source === 'portal' ? 'portal' : 'file', err: read });
  }

  /** A thousand definitions take a good part of a second to parse, and they are read again every minute. */
  function parseOnce(file: string, text: string): unknown {
    const last = parsed.get(file);
    if (last?.text === text) return last.content;
    const content = parseYaml(text);
    parsed.set(file, { text, content });
    return content;
  }

  async function read(): Promise<void> {
    for (const file of files)
      take(
        file,
        attempt(() => readDefinitionFile(file, (text) => parseOnce(file, text))),
      );
    if (portal) take('portal', await inTime(readPortal(portal)).catch(asUnreadable));
    if (stopped) return;
    const found = [...files, 'portal'].flatMap((source) => good.get(source) ?? []);
    const combined = combine(found, env);
    const next = JSON.stringify([combined, applications().map(shapeOf), [...wrongApplications()]]);
    if (next === shape) return;
    shape = next;
    list = { ...combined, revision: list.revision + 1 };
    checked = undefined;
    emitList(list, findings(), emit);
    if (list.servers.length + list.invalid.length === 0) emit('EmailServersMissing', { reason: missing?.() ?? '' });
    for (const listener of listeners) listener(list);
  }

  // One read at a time; a change during a read is read after it.
  let running: Promise<void> | undefined;
  let again = false;
  function reload(): Promise<void> {
    if (running) again = true;
    running ??= (async () => {
      do {
        again = false;
        await read();
      } while (again && !stopped);
    })().finally(() => {
      running = undefined;
    });
    return running;
  }

  const fileWatch = watchFiles({
    files: () => files,
    // A listener that throws must not end the process, nor keep the next change from being read.
    onChange: () =>
      void reload().catch((error: unknown) =>
        emit('EmailServersUnreadable', { kind: 'listener', err: asError(error) }),
      ),
    // An unreadable source is read at each poll: permissions and Redis recover without a change of the file.
    restless: () => broken.size > 0,
    pollMs,
    debounceMs,
  });
  const unsubscribe = portal?.onChange(fileWatch.changed);
  await reload();

  return {
    current: () => list,
    findings,
    unreadable: () => [...broken.values()],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    reload,
    stop() {
      stopped = true;
      fileWatch.stop();
      unsubscribe?.();
      listeners.clear();
    },
  };
}

/** Redis commands wait forever while it is away; files must not wait with them. */
function inTime<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new MailroomError('REDIS_UNREACHABLE')), PORTAL_MS);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function attempt(run: () => readonly Found[]): readonly Found[] | MailroomError {
  try {
    return run();
  } catch (error) {
    return asUnreadable(error);
  }
}

const asUnreadable = (error: unknown): MailroomError =>
  error instanceof MailroomError
    ? error
    : new MailroomError('EMAIL_SERVERS_UNREADABLE', { message: asError(error).message });

/** One event for the list, one for each invalid definition, one for each finding. */
/** What the findings depend on, without a secret. */
const shapeOf = ({ name, generic, credentials }: ApplicationFacts) => [
  name,
  generic !== undefined,
  credentials.map((one) => [one.kind, 'expires' in one ? one.expires : undefined]),
];

function emitList(list: EmailServerList, findings: readonly Finding[], emit: Emit): void {
  const enabled = list.servers.filter((server) => server.enabled).length;
  emit('EmailServersLoaded', {
    count: list.servers.length,
    detail: { enabled, invalid: list.invalid.length, revision: list.revision },
  });
  for (const { name, source, problems } of list.invalid) {
    const [first] = problems;
    emit('EmailServerInvalid', {
      server: name ?? '',
      kind: source,
      ...(first ? { field: first.field } : {}),
      reason: problems.map(({ field, message }) => `${field}: ${message}`).join('; '),
    });
  }
  for (const { code, server, message, hint } of findings.filter(({ severity }) => severity === 'warning')) {
    const event = code === 'SHARED_ADDRESS_NOT_PERMITTED' ? 'SharedAddressNotPermitted' : 'EmailServerQuestionable';
    emit(event, { server, code, reason: message, hint: hint.en });
  }
}
