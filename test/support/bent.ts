// The second configuration of the test servers: as far from Exchange Online as Dovecot and Postfix can be bent. What is missing here, real servers
// of other makes lack too.

/** Nothing beyond plain IMAP4rev1, AUTH=LOGIN only, all folders below `INBOX.`, two sessions of a user and address. */
export const BENT_DOVECOT = `
imap_capability = IMAP4rev1 SASL-IR LITERAL+ AUTH=LOGIN
auth_mechanisms = login
mail_max_userip_connections = 2
namespace inbox {
  prefix = INBOX.
  separator = .
}
`;

export const REFUSED = 'refused@customer.example';
export const DEFERRED = 'later@customer.example';

/** EHLO offers next to nothing, a small size limit; one recipient is refused for good and one for now. */
export const BENT_POSTFIX = `
smtpd_discard_ehlo_keywords = pipelining, 8bitmime, smtputf8, enhancedstatuscodes, chunking, dsn
smtputf8_enable = no
smtpd_recipient_restrictions = check_recipient_access inline:{{${REFUSED}=550 No such user here}, {${DEFERRED}=450 Try again later}}, permit_mynetworks, permit_sasl_authenticated, reject
`;
export const BENT_MESSAGE_BYTES = 2_000_000;
