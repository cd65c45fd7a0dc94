// The sandbox command alone, as a program of its own.
import { Command } from 'commander';
import { sandboxCommand } from '../../../src/cli/sandbox.ts';

const program = new Command('mailroom');
sandboxCommand(program);
await program.parseAsync();
