// The configuration texts of the test Postfix (3.7). What each unusual setting is for is said beside it.

interface PostfixSettings {
  dir: string;
  certFile: string;
  keyFile: string;
  saslPath: string;
  lmtpPort: number;
  mapPort: number;
  milterSocket: string | undefined;
  maxMessageBytes: number;
  maxConnections: number;
  messagesPerMinute: number;
  extra: string;
}

export const mainCf = (s: PostfixSettings) => `
compatibility_level = 3.6
queue_directory = ${s.dir}/spool
data_directory = ${s.dir}/data
maillog_file = ${s.dir}/maillog
maillog_file_prefixes = ${s.dir}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = smtp.contoso.example
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
append_dot_mydomain = no
biff = no
# Short ones are used again: two submissions must never share one (test/chaos/outbound-ends.ts).
enable_long_queue_ids = yes
# Every address, customers' too, is delivered into the test Dovecot: a reply lands in a real inbox.
default_transport = lmtp:inet:127.0.0.1:${s.lmtpPort}
relay_transport = $default_transport
local_transport = $default_transport
message_size_limit = ${s.maxMessageBytes}
mailbox_size_limit = 0
# A failing lookup is tried again after a second, not after a minute.
service_throttle_time = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s

smtpd_tls_cert_file = ${s.certFile}
smtpd_tls_key_file = ${s.keyFile}
smtpd_tls_auth_only = yes
smtpd_tls_session_cache_database =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${s.saslPath}
# XOAUTH2 responses exceed the default of 2,048 bytes.
line_length_limit = 16384
smtpd_sasl_response_limit = 16384
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
# A refused sender is told at RCPT TO.
smtpd_delay_reject = yes
smtpd_sender_login_maps = socketmap:inet:127.0.0.1:${s.mapPort}:sendas
smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
# Limits count for loopback clients too.
smtpd_client_event_limit_exceptions =
smtpd_client_connection_count_limit = ${s.maxConnections}
smtpd_client_message_rate_limit = ${s.messagesPerMinute}
${s.milterSocket === undefined ? '' : `smtpd_milters = unix:${s.milterSocket}\nmilter_default_action = tempfail\nmilter_protocol = 6\n`}
${s.extra}
`;

/** @param relay knows its clients by address (everybody on this machine, or nobody) and offers no AUTH and no TLS */
export const masterCf = (port: number, tlsPort: number, relay?: { port: number; knowsUs: boolean }) => `
${
  relay === undefined
    ? ''
    : `127.0.0.1:${relay.port} inet n - n - - smtpd -o smtpd_sasl_auth_enable=no -o smtpd_tls_security_level=none -o smtpd_sender_restrictions= -o smtpd_milters= -o mynetworks=${relay.knowsUs ? '127.0.0.0/8' : '192.0.2.1/32'} -o smtpd_relay_restrictions=permit_mynetworks,reject_unauth_destination`
}
127.0.0.1:${port}     inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
127.0.0.1:${tlsPort}  inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
lmtp      unix  - - n - - lmtp
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
`;
