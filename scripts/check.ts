// `npm run check`: what needs no server and takes seconds: format, lint, types, unit tests, docs. The same steps as in `npm test`.
import { cleanUp, closing, lint, project, startRun, types } from './steps.ts';

const run = startRun();
const outcomes = [
  await lint(run),
  await types(run),
  await project(run, 'unit', 'pure and in-process tests'),
  await project(run, 'docs', 'generated references and examples are as the code is'),
];
const left = await cleanUp(run);
process.exit(closing(left === undefined ? outcomes : [...outcomes, left]));
