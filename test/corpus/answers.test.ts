// The new part of generated answers: every program of answers.ts in every language. No gate but all of them.
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../src/mime/index.ts';
import { answers } from './answers.ts';
import { NEW_PART, otherPrograms } from './other-programs.ts';

const all = answers();

describe('generated answers', () => {
  it('cover at least 20 programs and 15 languages with at least 300 answers', () => {
    expect(new Set(all.map((a) => a.program)).size).toBeGreaterThanOrEqual(20);
    expect(new Set(all.map((a) => a.language)).size).toBeGreaterThanOrEqual(15);
    expect(all.length).toBeGreaterThanOrEqual(300);
  });

  it.each(all.map((a) => [a.language, a.program, a] as const))('%s, %s', (_language, _program, { mail, newPart }) => {
    expect(parseMessage(mail).replyText).toBe(newPart);
  });
});

describe('answers of other programs and languages', () => {
  it.each(Object.entries(otherPrograms))('%s', (_name, body) => {
    const [type, value] = 'text' in body ? ['plain', body.text] : ['html', body.html];
    const head = `From: Kim <kim@kunde.example>\nSubject: Re: 4711\nIn-Reply-To: <x@contoso.example>\nMIME-Version: 1.0\nContent-Type: text/${type}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n`;
    expect(parseMessage(Buffer.from(`${head}\n${value}`)).replyText).toBe(NEW_PART);
  });
});
