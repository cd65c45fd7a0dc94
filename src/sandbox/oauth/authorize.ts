// GET /authorize shows who may sign in, POST is the choice; `autoApprove` skips the page. The result goes to the redirect address (RFC 6749 §4.1).
import type { SandboxApplication } from '../config.ts';
import { type Answer, type Form, html, text } from '../http.ts';
import { entraFailure } from './errors.ts';
import { choosePersonPage, formPostPage } from './pages.ts';
import type { Authority, Call } from './server.ts';

/** Hands a result to the redirect address of the request, with its state. */
export function redirect({ redirect_uri = '', response_mode, state }: Form, given: Form): Answer {
  const result = { ...given, ...(state === undefined ? {} : { state }) };
  if (response_mode === 'form_post') return html(formPostPage(redirect_uri, result));
  const target = new URL(redirect_uri);
  for (const [name, value] of Object.entries(result)) target.searchParams.set(name, value);
  return { status: 302, headers: { Location: target.href }, body: '' };
}

export function authorize({ settings, directory, faults, grants, base }: Authority, { query, form }: Call): Answer {
  const parameters: Form = { ...query, ...form };
  const application = directory.application(parameters.client_id ?? '');
  if (!application) return text(400, entraFailure(700016).body.error_description);
  const { redirect_uri: redirectUri = '', login_hint, scope = '', nonce } = parameters;
  if (!mayRedirect(application, redirectUri)) return text(400, entraFailure(50011).body.error_description);
  const refused = (number: number, words?: string): Answer => {
    const { error, error_description } = entraFailure(number, words).body;
    return redirect(parameters, { error, error_description });
  };

  if (form.decline) return refused(65004);
  const { autoApprove } = settings.oauth;
  const approved = autoApprove === true ? (login_hint ?? directory.persons()[0]?.address) : autoApprove || undefined;
  const person = form.person ?? approved;
  if (person === undefined || !directory.find(person)) {
    const { person: _person, decline: _decline, ...asked } = parameters;
    return html(choosePersonPage(directory.persons(), asked, `${base}/oauth2/v2.0/authorize`));
  }
  const fault = faults.take('aadsts', { client: application.clientId, at: 'authorize' });
  if (fault) return refused(fault.number ?? 65004, fault.text);
  const { code_challenge: value, code_challenge_method: method = 'plain' } = parameters;
  const challenge = value ? { value, method } : undefined;
  const code = grants.issueCode({ clientId: application.clientId, person, scope, redirectUri, nonce, challenge });
  return redirect(parameters, { code, session_state: 'sandbox' });
}

function mayRedirect({ redirectUris }: SandboxApplication, uri: string): boolean {
  return redirectUris?.includes(uri) ?? /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(uri);
}
