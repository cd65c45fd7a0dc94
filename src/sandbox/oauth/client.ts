// Which application calls the token endpoint, proven by its secret, a certificate assertion or a federated assertion (RFC 6749 §2.3, RFC 7523).
import { createPublicKey, verify } from 'node:crypto';
import type { SandboxApplication } from '../config.ts';
import type { Directory } from '../directory.ts';
import type { Form } from '../http.ts';
import { entraFailure, type OAuthFailure } from './errors.ts';
import { type Claims, decode } from './tokens.ts';

/** The application of a request, or why its credentials are refused. @param required true: it must prove itself */
export function authenticateClient(
  directory: Directory,
  tokenEndpoint: string,
  form: Form,
  required: boolean,
): SandboxApplication | OAuthFailure {
  const id = form.client_id ?? '';
  const application = directory.application(id);
  if (!application) return entraFailure(700016, `Application with identifier '${id}' was not found in the directory.`);
  if (form.client_assertion)
    return isProof(form.client_assertion, application, tokenEndpoint) ? application : entraFailure(700027);
  const isConfidential = application.secret !== undefined || application.certificates !== undefined;
  if (form.client_secret === undefined) return required || isConfidential ? entraFailure(7000218) : application;
  if (!isConfidential) return entraFailure(700025);
  return form.client_secret === application.secret ? application : entraFailure(7000215);
}

/** A certificate assertion is issued by the client for the token endpoint; a federated one by a trusted issuer for AzureADTokenExchange. */
function isProof(assertion: string, application: SandboxApplication, endpoint: string): boolean {
  const claims = verifiedClaims(assertion, application.certificates ?? []);
  if (!claims) return false;
  const now = Date.now() / 1000;
  if (!(Number(claims.exp) > now && Number(claims.nbf ?? 0) < now + 300)) return false;
  const federated = application.federated.find(({ issuer }) => issuer === claims.iss);
  if (federated) return claims.sub === federated.subject && claims.aud === federated.audience;
  return (
    claims.iss === application.clientId &&
    claims.sub === application.clientId &&
    new URL(String(claims.aud)).host === new URL(endpoint).host
  );
}

const PADDING: Readonly<Record<string, object>> = { PS256: { padding: 6, saltLength: 32 }, RS256: { padding: 1 } };

/** Claims of an assertion that one of the certificates signed (RS256 or PS256). */
function verifiedClaims(assertion: string, certificates: readonly string[]): Claims | undefined {
  const [head = '', body = '', signature = ''] = assertion.split('.');
  const padding = PADDING[String(decode(head)?.alg)];
  if (!padding) return undefined;
  const isSigned = certificates.some((certificate) =>
    verify(
      'sha256',
      Buffer.from(`${head}.${body}`),
      { key: createPublicKey(certificate), ...padding },
      Buffer.from(signature, 'base64url'),
    ),
  );
  return isSigned ? decode(body) : undefined;
}
