// The two pages a person sees: choose who signs in (/authorize) and enter a device code. Plain HTML, no script.
import type { SandboxUser } from '../config.ts';
import type { Form } from '../http.ts';

const hidden = (fields: Form): string =>
  Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('');

/** Page that asks who signs in; each choice is a form that posts the request's own parameters back. */
export function choosePersonPage(persons: SandboxUser[], parameters: Form, action: string): string {
  const choices = persons
    .map(({ address, displayName }) => {
      const shown = escapeHtml(address);
      return `<li><button name="person" value="${shown}">${escapeHtml(displayName)}<br><small>${shown}</small></button></li>`;
    })
    .join('');
  return page(
    'Pick an account',
    `<form method="post" action="${escapeHtml(action)}">${hidden(parameters)}<ul>${choices}</ul><button name="decline" value="1">Cancel</button></form>`,
  );
}

/** Page of the device-code flow. */
export function devicePage(persons: SandboxUser[], action: string, message = ''): string {
  const choices = persons.map((person) => `<option>${escapeHtml(person.address)}</option>`).join('');
  return page(
    'Enter code',
    `<p role="status">${escapeHtml(message)}</p><form method="post" action="${escapeHtml(action)}"><p><label>Code <input name="user_code" required autocomplete="off"></label></p><p><label>Sign in as <select name="person">${choices}</select></label></p><button>Next</button></form>`,
  );
}

/** Page that posts the result to the redirect address (response_mode=form_post). */
export const formPostPage = (redirectUri: string, result: Form): string =>
  page(
    'Working…',
    `<form method="post" action="${escapeHtml(redirectUri)}">${hidden(result)}<button>Continue</button></form><script>document.forms[0].submit()</script>`,
  );

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} – sandbox tenant</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem}ul{list-style:none;padding:0}li{margin:.5rem 0}li button{width:100%;text-align:left;padding:.75rem}</style>
<h1>${title}</h1><p>Sandbox tenant: nobody real signs in here.</p>${body}</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
