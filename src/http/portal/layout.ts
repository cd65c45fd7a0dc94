// The frame of every page: head, menu, language, who is signed in, style sheet and script; the pages of a question and of an error.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { may, type Permission } from '../../domain/access.ts';
import type { Session } from '../ports.ts';
import type { Done } from './done.ts';
import { type Html, html } from './html.ts';
import { csrfField, hiddenFields, serverSaid } from './parts.ts';
import { type Language, type Say, sayIn, type Word } from './words.ts';

/** A file, read once and served under a name with its digest: a browser may keep it forever and never shows a new page with an old style sheet. */
function assetOf(kind: 'css' | 'js', type: string) {
  const text = readFileSync(new URL(`./assets/portal.${kind}`, import.meta.url), 'utf8');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { kind, type: `${type}; charset=utf-8`, text, digest, url: `/portal/assets/portal-${digest}.${kind}` };
}

const styleSheet = assetOf('css', 'text/css');
const script = assetOf('js', 'text/javascript');

/** RFC 8246. */
const FOR_GOOD = 'public, max-age=31536000, immutable';

/** During an upgrade another version's replica may have served the page: its file name gets the file of this version, which must not be cached. */
export function addAssets(portal: FastifyInstance): void {
  for (const { kind, type, text, digest } of [styleSheet, script]) {
    portal.get(
      `/portal/assets/portal-:digest(^[0-9a-f]{16}).${kind}`,
      { config: { access: 'open' } },
      (request, reply) => {
        const current = (request.params as { digest: string }).digest === digest;
        return reply
          .header('content-type', type)
          .header('cache-control', current ? FOR_GOOD : 'no-store')
          .send(text);
      },
    );
  }
}

export interface Frame {
  language: Language;
  say: Say;
  /** A number as the reader writes it. */
  number(value: number): string;
  organisation: string;
  session: Session | undefined;
  /** Path and query of this page; the switches of language and appearance lead back to it. */
  url: string;
  /** The form whose input survives a change of language, and the action of its Enter key. */
  form?: { id: string; enter: string };
  /** The input is invalid; the title starts with “Error”. */
  failed?: boolean;
  /** Chosen by the person; absent: the browser's preference. */
  theme?: Theme | undefined;
  /** What this session did just before; the page notes it. */
  done?: Done | undefined;
  /** Epoch milliseconds. */
  now: number;
}

export type Theme = 'dark' | 'light';

/** What the switch changes to: automatic → dark → light → automatic. */
const nextTheme = (theme: Theme | undefined): Theme | 'auto' =>
  theme === undefined ? 'dark' : theme === 'dark' ? 'light' : 'auto';

/** The address of this page with a choice, which the gate stores in a cookie. */
const withChoice = ({ url }: Frame, name: 'lang' | 'theme', value: string): string =>
  `${url}${url.includes('?') ? '&' : '?'}${name}=${value}`;

export function frameOf(given: Omit<Frame, 'say' | 'number'>): Frame {
  const format = new Intl.NumberFormat(given.language);
  return { ...given, say: sayIn(given.language), number: (value) => format.format(value) };
}

/** Pages show only what the person who is signed in may do. */
export const frameMay = ({ session }: Frame, permission: Permission): boolean =>
  session !== undefined && may(session.role, permission);
export const mayChange = (frame: Frame): boolean => frameMay(frame, 'email-servers:write');

const LOGO = html`<svg width="26" height="20" viewBox="0 0 26 20" aria-hidden="true"><rect x="1" y="1" width="24" height="18" rx="3.5" fill="none" stroke="#7db8f5" stroke-width="2"/><path d="M2.5 4.5 13 11.5 23.5 4.5" fill="none" stroke="#7db8f5" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

/** The group "Email" is the handbook's menu. Before it: the present state; after it: history and administration. */
function menuBar(frame: Frame, current: Word | undefined): Html {
  const { say } = frame;
  const link = (word: Word, href: string, short: Word = word) =>
    html`<a href="${href}"${current === word && html` aria-current="page"`}>${say(short)}</a>`;
  return html`<nav class="menu-bar" aria-label="${say('navigation')}"><div class="in"><ul>
<li>${link('overview', '/portal')}</li>
<li><span class="group" id="menu-email">${say('email')} ›</span><ul aria-labelledby="menu-email"><li>${link('emailServers', '/portal/email-servers')}</li>
<li>${link('repliesTitle', '/portal/replies')}</li>${frameMay(frame, 'quarantine:read') && html`<li>${link('quarantineTitle', '/portal/quarantine')}</li>`}${frameMay(frame, 'dead-letters:read') && html`<li>${link('deadLetters', '/portal/dead-letters', 'deadMenu')}</li>`}</ul></li>
<li class="apart">${link('historyTitle', '/portal/history')}</li>${frameMay(frame, 'find:read') && html`<li>${link('findTitle', '/portal/find')}</li>`}
${frameMay(frame, 'audit:read') && html`<li class="apart">${link('audit', '/portal/audit')}</li>`}${frameMay(frame, 'privacy:manage') && html`<li>${link('privacy', '/portal/privacy')}</li>`}</ul></div></nav>`;
}

export function page(frame: Frame, title: string, current: Word | undefined, body: Html): string {
  const { say, session, language, organisation } = frame;
  const other = language === 'en' ? 'de' : 'en';
  const switchTo = withChoice(frame, 'lang', other);
  const theme = nextTheme(frame.theme);
  return html`<!doctype html>
<html lang="${language}"${frame.theme !== undefined && html` data-theme="${frame.theme}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${frame.failed === true && `${say('errorWord')}: `}${title} – Mailroom</title>
<link rel="stylesheet" href="${styleSheet.url}">
<link rel="icon" href="data:,">
<script src="${script.url}" type="module"></script>
</head>
<body>
${frame.form !== undefined && /* Enter presses the first button of a form, wherever in the page it is. */ html`<button class="hidden" form="${frame.form.id}" name="_action" value="${frame.form.enter}" tabindex="-1" aria-hidden="true">${say('save')}</button>`}
<a class="skip" href="#content">${say('skip')}</a>
<header class="top"><div class="in">
<a class="brand" href="/portal">${LOGO}Mailroom${organisation !== 'default' && html`<small class="wrap">${organisation}</small>`}</a>
<div class="who">${
    session !== undefined &&
    html`<span class="wrap">${session.name} <span class="role">· ${say(session.role)}</span></span>`
  }
${
  frame.form === undefined
    ? html`<a href="${switchTo}" lang="${other}" hreflang="${other}">${other === 'de' ? 'Deutsch' : 'English'}</a>`
    : html`<button class="link" form="${frame.form.id}" name="_action" value="language:${other}" lang="${other}">${other === 'de' ? 'Deutsch' : 'English'}</button>`
}
${frame.form === undefined && html`<a href="${withChoice(frame, 'theme', theme)}" title="${say('themeHelp')}">${say(`theme-${theme}`)}</a>`}
${
  session !== undefined &&
  html`<form method="post" action="/portal/sign-out">${csrfField(frame)}<button class="link">${say('signOut')}</button></form>`
}
</div></div></header>
${session !== undefined && menuBar(frame, current)}
<main id="content" tabindex="-1">
${body}
</main>
${session !== undefined && html`<footer class="in dim"><a href="/portal/api">${say('apiTitle')}</a></footer>`}
<p class="note warn offline" id="offline" role="status" hidden>${say('offline')}</p>
</body>
</html>
`.text;
}

export interface Question {
  title: string;
  current: Word;
  body: Html;
  /** Fields to fill in. */
  form?: Html;
  /** Where the form is sent, with the fields as hidden ones. */
  action: string;
  fields: Readonly<Record<string, string | undefined>>;
  yes: string;
  danger: boolean;
  /** Where Cancel leads. */
  back: string;
}

/** Asks for confirmation and shows the consequences. */
export function askPage(frame: Frame, question: Question): string {
  const { say } = frame;
  const { title, current, body, form, action, fields, yes, danger, back } = question;
  return page(
    frame,
    title,
    current,
    html`<div class="ask card"><h1>${title}</h1>${body}
<form method="post" action="${action}">${csrfField(frame)}${hiddenFields(fields)}${form}<p class="buttons"><button class="main ${danger && 'bad'}">${yes}</button><a class="button" href="${back}">${say('cancel')}</a></p></form></div>`,
  );
}

export interface ShownError {
  code: string;
  /** What is wrong, a sentence. */
  title: string;
  /** What to do. */
  hint: string;
  /** The remote system's own words. */
  said?: string | undefined;
}

export const errorNote = (frame: Frame, { hint, said }: ShownError, title?: string): Html =>
  html`<div class="note bad wrap" role="alert">${title !== undefined && html`<p><strong>${title}</strong></p>`}${serverSaid(frame, said)}<p>${hint}</p></div>`;

/** An error page; its title says what happened. */
export function errorPage(frame: Frame, error: ShownError): string {
  const { say, session } = frame;
  const title = error.title.replace(/\.$/, '');
  return page(
    frame,
    title,
    undefined,
    html`<div class="ask card"><h1>${title}</h1>${errorNote(frame, error)}<p class="dim">${say('code')}: <code>${error.code}</code></p><p class="buttons">${session === undefined ? html`<a class="button" href="/portal/sign-in">${say('signIn')}</a>` : html`<a class="button" href="/portal">${say('toOverview')}</a>`}</p></div>`,
  );
}
