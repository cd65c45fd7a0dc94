// The frame of every page: head, menu, language, who is signed in. Pure.
import { may, type Permission } from '../../domain/access.ts';
import type { Session } from './deps.ts';
import { type Html, html } from './html.ts';
import { type Language, type Say, sayIn, type Word } from './words.ts';

export interface Frame {
  language: Language;
  say: Say;
  organisation: string;
  session: Session | undefined;
  /** Path and query of this page, for the language switch. */
  url: string;
  now: number;
}

export const frameOf = (given: Omit<Frame, 'say'>): Frame => ({ ...given, say: sayIn(given.language) });

/** Whether the person who is signed in may do this; pages show what is permitted. */
export const frameMay = ({ session }: Frame, permission: Permission): boolean =>
  session !== undefined && may(session.role, permission);
export const mayChange = (frame: Frame): boolean => frameMay(frame, 'email-servers:write');
export const csrfField = ({ session }: Frame): Html =>
  html`<input type="hidden" name="_csrf" value="${session?.csrf}">`;

export function page(frame: Frame, title: string, current: Word | undefined, body: Html): string {
  const { say, session, language, organisation } = frame;
  const other = language === 'en' ? 'de' : 'en';
  const link = (word: Word, href: string) =>
    html`<a href="${href}"${current === word ? html` aria-current="page"` : ''}>${say(word)}</a>`;
  const switchTo = `${frame.url}${frame.url.includes('?') ? '&' : '?'}lang=${other}`;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Mailroom</title>
<link rel="stylesheet" href="/portal/assets/portal.css">
<link rel="icon" href="data:,">
<script src="/portal/assets/portal.js" defer></script>
</head>
<body>
<a class="skip" href="#content">${say('skip')}</a>
<header class="top"><div class="in">
<a class="brand" href="/portal">Mailroom<small>${organisation === 'default' ? '' : organisation}</small></a>
${
  session !== undefined &&
  html`<nav aria-label="${say('navigation')}">${link('overview', '/portal')}<span class="group">${say('email')} ›</span>${link('emailServers', '/portal/email-servers')}${frameMay(frame, 'audit:read') && link('audit', '/portal/audit')}</nav>`
}
<div class="who">
<a href="${switchTo}" lang="${other}" hreflang="${other}">${other === 'de' ? 'Deutsch' : 'English'}</a>
${
  session !== undefined &&
  html`<span>${session.name} · ${say(session.role)}</span>
<form method="post" action="/portal/sign-out">${csrfField(frame)}<button class="link">${say('signOut')}</button></form>`
}
</div>
</div></header>
<main id="content" tabindex="-1">
${body}
</main>
</body>
</html>
`.text;
}
