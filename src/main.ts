#!/usr/bin/env node
// argv → command → exit code. Everything else stands in cli/.
import { run } from './cli/program.ts';

process.exitCode = await run(process.argv);
