// What the suites of twenty well-known mail libraries assert of real mails (../shared/corpus beside the project), against what we make of them.
// Where the corpus is absent, this file says so and proves nothing.
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../src/mime/index.ts';
import { misses } from './misses.ts';
import { corpusFolder, corpusIsThere, corpusRows, type Fact, judge, readCorpusMail } from './score.ts';

const there = corpusIsThere();
if (!there) console.warn(`The mail corpus is not there (${corpusFolder}): NOTHING of it was tested.`);

const groups: Record<string, { facts: string[]; least: number }> = {
  'subject, addresses, ids, text, attachments': {
    facts: [
      'subject',
      'from',
      'to',
      'cc',
      'date',
      'messageId',
      'inReplyTo',
      'text',
      'htmlPresent',
      'attachments',
      'tnef',
    ],
    least: 0.995,
  },
  // Apart: the peers disagree among themselves on what counts (inline images, files within nested mails).
  'number of attachments': { facts: ['attachmentCount'], least: 0.95 },
  'reply text': { facts: ['replyText', 'replyContains', 'replyNotContains'], least: 0.95 },
  'bounce recipients and status': {
    facts: ['dsnRecipient', 'dsnStatus', 'dsnCode', 'dsnPermanent', 'originalMessageId'],
    least: 0.97,
  },
  'kind of automatic mail': { facts: ['kind'], least: 0.985 },
};

describe.skipIf(!there)(
  'the corpus of the peers (skipped, and nothing proved, where ../shared/corpus is absent)',
  () => {
    const rows = there ? corpusRows() : [];
    const facts: Fact[] = rows.flatMap(judge);

    it('meets the goal in every group of facts', () => {
      const table = new Map<string, { ok: number; all: number }>();
      for (const { fact, ok } of facts) {
        const entry = table.get(fact) ?? { ok: 0, all: 0 };
        entry.all++;
        if (ok) entry.ok++;
        table.set(fact, entry);
      }
      const lines: string[] = [];
      for (const [name, { facts: kinds, least }] of Object.entries(groups)) {
        let ok = 0;
        let all = 0;
        for (const kind of kinds) {
          const entry = table.get(kind);
          if (entry === undefined) continue;
          ok += entry.ok;
          all += entry.all;
          lines.push(`  ${kind.padEnd(20)}${String(entry.ok).padStart(5)} / ${entry.all}`);
        }
        lines.push(`${name}: ${((100 * ok) / all).toFixed(1)} %`);
        expect.soft(ok / all, name).toBeGreaterThanOrEqual(least);
      }
      console.log(lines.join('\n'));
    });

    it('explains every miss, and lists no explanation without a miss', () => {
      const missed = new Set(facts.filter((f) => !f.ok).map((f) => `${f.file} ${f.fact}`));
      expect([...missed].sort()).toEqual([...new Set(misses.map((m) => `${m.file} ${m.fact}`))].sort());
    });

    it('parses every file and gives every attachment a safe name', () => {
      for (const { file } of rows) {
        const raw = readCorpusMail(file);
        const message = parseMessage(raw);
        expect(message.parse, file).toBe('complete');
        for (const { filename, slice } of message.attachments) {
          expect(filename, file).toMatch(/^[^/\\\u0000-\u001f\u202a-\u202e]+$/);
          expect(slice.start <= slice.end && slice.end <= raw.length, file).toBe(true);
        }
      }
    });
  },
);
