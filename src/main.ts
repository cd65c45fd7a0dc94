#!/usr/bin/env node
// argv → command → exit code. Everything else is in cli/ and is loaded only by a recent Node: an older one would print the stack of a syntax error
// in a package.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`mailroom: needs Node >= 22.18, and this is ${process.versions.node} (${process.execPath})\n`);
  process.exitCode = 1;
} else {
  const { explain, run } = await import('./cli/program.ts');
  // Node would print such an error with every field that a library has added to it.
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  });
  // `mailroom … | head`: the reader has closed the pipe. (The daemon does not log through process.stdout.)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  process.exitCode = await run(process.argv);
}
