// `mailroom check [server]`: the tenant doctor. Checks each email server step by step and reports, on failure, exactly what to do. Exit code 0:
// no failure; 1: something failed.
import type { Command } from 'commander';
import { checkInvalid } from '../doctor/run-steps.ts';
import { catalogue, titleOf } from '../domain/catalogue/index.ts';
import { type CheckStep, passed, remoteWords, steps } from '../domain/doctor.ts';
import { doctorFor } from '../wiring/doctor.ts';
import { connected, named } from './connect.ts';
import { type Language, languageOf, languageOption } from './language.ts';
import { print, printAs } from './output.ts';

interface CheckOptions {
  json?: boolean;
  lang?: Language;
  sendProbe?: boolean;
}

export function checkCommand(program: Command): void {
  program
    .command('check')
    .description('test email servers step by step (network, sign-in, permissions) and name the fix')
    .argument('[server]', 'Name of the email server; default: all enabled ones')
    .option('--json', 'one JSON document')
    .addOption(languageOption())
    .option('--send-probe', 'send a real mail from each permitted From address to the mailbox that signs in')
    .action(async (name: string | undefined, options: CheckOptions, command: Command) => {
      const language = languageOf(options.lang);
      const say = (text: string) => void (options.json === true || print(text));
      await connected(command, async ({ config, stores, servers, invalid }) => {
        const runDoctor = doctorFor(config, stores, () => servers);
        const found: CheckStep[] = name === undefined ? invalid.map(checkInvalid) : [];
        for (const step of found) say(`${step.server}\n${line(step, language)}`);
        const chosen = name === undefined ? servers.filter(({ enabled }) => enabled) : [named(servers, name)];
        for (const server of chosen) {
          say(`${server.name} (${server.type}, ${server.user})\n`);
          for await (const step of runDoctor(server, { sendProbe: options.sendProbe === true })) {
            found.push(step);
            say(line(step, language));
          }
        }
        const ok = passed(found);
        printAs(options.json, { ok, steps: found }, () => `${summary(found, ok, language)}\n`);
        process.exitCode = ok ? 0 : 1;
      });
    });
}

const labels = {
  en: { ok: 'ok     ', failed: 'FAILED ', skipped: '-      ', info: 'note   ', said: 'said', fix: 'what to do' },
  de: { ok: 'ok     ', failed: 'FEHLER ', skipped: '-      ', info: 'Hinweis', said: 'Antwort', fix: 'was zu tun ist' },
};

function line(step: CheckStep, language: Language): string {
  const { info, said, fix, ...marks } = labels[language];
  const mark = step.state === 'failed' && step.informational ? info : marks[step.state];
  const title = `${steps[step.step].title[language]}${step.from === undefined ? '' : ` ${step.from}`}`;
  const detail = step.detail?.[language];
  const took = step.state === 'skipped' ? '' : ` (${step.ms} ms)`;
  const first = `  ${mark} ${title}${took}${detail ? `: ${detail}` : ''}`;
  if (!step.failure) return `${first}\n`;
  const { code, remote, fix: remedy } = step.failure;
  const message = language === 'de' ? germanMessage(step.failure) : step.failure.message;
  const words = remoteWords(remote) ?? remote?.code;
  const remoteLine = words === undefined ? '' : `\n          ${said}: ${words}`;
  return `${first}\n          ${code}: ${message}${remoteLine}\n          ${fix}: ${inLines(remedy[language])}\n`;
}

/** Commands one below the other, to copy one at a time. */
const inLines = (text: string) => text.split('; ').join('\n            ');

/** The German sentence, followed by the details of this case, which exist in English only. */
function germanMessage({ code, message }: NonNullable<CheckStep['failure']>): string {
  const title = titleOf(code, 'de');
  return message === catalogue[code].message ? title : `${title} (${message})`;
}

function summary(found: readonly CheckStep[], ok: boolean, language: Language): string {
  const failed = found.filter(({ state, informational }) => state === 'failed' && !informational).length;
  if (ok) return language === 'de' ? 'Alles in Ordnung.' : 'All is well.';
  const one = new Intl.PluralRules(language).select(failed) === 'one';
  if (language === 'de') return one ? '1 Schritt ist fehlgeschlagen.' : `${failed} Schritte sind fehlgeschlagen.`;
  return one ? '1 step failed.' : `${failed} steps failed.`;
}
