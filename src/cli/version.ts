// `mailroom version`: the running build, and the version of the data in Redis that it supports.
import type { Command } from 'commander';
import { readBuild } from '../lib/build.ts';
import { SCHEMA_VERSION } from '../wiring/stores.ts';
import { print } from './output.ts';

export function versionCommand(program: Command): void {
  program
    .command('version')
    .description('version, commit, version of the data in Redis that it writes, and Node')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: true }) => {
      const { version, commit } = readBuild();
      const found = { version, commit, schema: SCHEMA_VERSION, node: process.versions.node };
      const lines = Object.entries(found).map(([name, value]) => `${name.padEnd(8)} ${value}`);
      print(json === true ? `${JSON.stringify(found)}\n` : `${lines.join('\n')}\n`);
    });
}
