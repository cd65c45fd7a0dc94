// What does not exist: the folder of the configuration, a configured file, any content in it. No definition is invalid because of it, but
// it means that no mailbox is watched.
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Config } from './config.ts';
import { readDefinitionFile } from './email-servers.ts';
import { DEFINITION_FILES, NO_FOLDER } from './load.ts';
import type { Problem } from './problem.ts';

/** @throws MailroomError EMAIL_SERVERS_UNREADABLE */
export function missingDefinitions({
  configDir,
  emailServersFiles,
}: Pick<Config, 'configDir' | 'emailServersFiles'>): Problem[] {
  if (!existsSync(configDir)) return [{ field: configDir, message: NO_FOLDER }];
  const there = emailServersFiles.filter((file) => existsSync(file));
  const named = emailServersFiles.some((file, i) => basename(file) !== DEFINITION_FILES[i]);
  const gone = named ? emailServersFiles.filter((file) => !there.includes(file)) : [];
  return [
    ...gone.map((file) => ({ field: file, message: 'this file is named in emailServersFiles and does not exist' })),
    ...there
      .filter((file) => readDefinitionFile(file).length === 0)
      .map((file) => ({ field: file, message: 'this file is empty: it defines no email server' })),
    ...(there.length === 0 && !named
      ? [{ field: configDir, message: `this folder has no ${DEFINITION_FILES.join(', ')}` }]
      : []),
  ];
}
