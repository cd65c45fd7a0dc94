// Errors of TLS as Node names them.

/**
 * Whether a code of Node means that TLS failed. Verification failures have OpenSSL's X509 names (CERT_HAS_EXPIRED, DEPTH_ZERO_SELF_SIGNED_CERT,
 * UNABLE_TO_VERIFY_LEAF_SIGNATURE, …), Node's own begin with ERR_TLS or ERR_SSL, and EPROTO is a handshake that broke off
 * (https://nodejs.org/api/tls.html#x509-certificate-error-codes).
 */
export const isTlsCode = (code: string): boolean =>
  /CERT|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|ERR_TLS|ERR_SSL|EPROTO/.test(code);
