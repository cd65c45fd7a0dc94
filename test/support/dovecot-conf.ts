// The configuration texts of the test Dovecot (2.3.19). What each unusual setting is for is said beside it.
import { TOKEN_AUDIENCE } from './jwt.ts';

export interface DovecotSettings {
  dir: string;
  port: number;
  starttlsPort: number;
  lmtpPort: number;
  mailUid: number;
  mailGid: number;
  internalUser: string;
  loginUser: string;
  certFile: string;
  keyFile: string;
  sessions: number;
  format: 'maildir' | 'sdbox';
  extraConf: string;
}

/** Exchange Online's list as of the tests in docs/exchange-online.md; with AUTH=OAUTHBEARER offered imapflow would prefer that. */
const CAPABILITIES =
  'IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+';

export const dovecotConf = (s: DovecotSettings) => `
protocols = imap lmtp
listen = 127.0.0.1
base_dir = ${s.dir}/run
state_dir = ${s.dir}/state
instance_name = mailroom-test
log_path = ${s.dir}/dovecot.log
default_internal_user = ${s.internalUser}
default_login_user = ${s.loginUser}
first_valid_uid = 1
first_valid_gid = 1
mail_uid = ${s.mailUid}
mail_gid = ${s.mailGid}
mail_location = ${s.format}:~/${s.format === 'maildir' ? 'Maildir' : 'sdbox'}
# Exchange has neither .lock files nor fsync on our disk: tests want speed.
mail_fsync = never
maildir_very_dirty_syncs = no

ssl = required
ssl_cert = <${s.certFile}
ssl_key = <${s.keyFile}
imap_capability = ${CAPABILITIES}
auth_mechanisms = plain xoauth2
auth_failure_delay = 0
auth_username_format = %Lu
# Tokens are long: the default of 8 kB for one AUTH line is kept, but errors are told in full.
auth_verbose = yes
mail_max_userip_connections = ${s.sessions}

passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = ${s.dir}/oauth2.conf
  # A valid token says who the person is; whether that person may open this mailbox is judged by the Lua passdb.
  result_success = continue
  result_failure = return-fail
  result_internalfail = return-fail
  # auth_failure_delay = 0 alone still answers failures in half-second ticks.
  default_fields = nodelay=y
}
passdb {
  driver = lua
  args = file=${s.dir}/auth.lua blocking=no
  default_fields = nodelay=y
}
userdb {
  driver = lua
  args = file=${s.dir}/auth.lua blocking=no
}

namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    auto = subscribe
    special_use = \\Sent
  }
  mailbox Archive {
    auto = subscribe
    special_use = \\Archive
  }
}

service imap-login {
  # One process for all logins instead of one each.
  service_count = 0
  process_min_avail = 1
  process_limit = 2
  client_limit = ${s.sessions + 100}
  inet_listener imap {
    port = ${s.starttlsPort}
  }
  inet_listener imaps {
    port = ${s.port}
    ssl = yes
  }
${s.internalUser === 'dovecot' ? '' : '  chroot =\n'}}
service imap {
  process_limit = ${s.sessions}
  client_limit = 1
}
service lmtp {
  process_min_avail = 1
  inet_listener lmtp {
    port = ${s.lmtpPort}
  }
}
service auth {
  client_limit = ${s.sessions * 3 + 500}
  unix_listener sasl {
    mode = 0666
  }
}
service anvil {
  client_limit = ${s.sessions * 2 + 500}
  # No growing penalty after failed logins.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  client_limit = ${s.sessions * 2 + 500}
}
protocol lmtp {
  auth_username_format = %Lu
}
${s.extraConf}
`;

/** JWT validated by the public key under keys/default/RS256/<kid>. The user name is not judged here: hence a constant claim as attribute. */
export const oauth2Conf = (s: DovecotSettings) => `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=${s.dir}/keys/
username_attribute = aud
username_format = ${TOKEN_AUDIENCE}
pass_attrs = who=%{oauth2:who}
`;

/**
 * Users file: user TAB password TAB comma list of who has Full Access. For service smtp the person is returned as the user,
 * so that Postfix judges Send As by who signed in; an application (app:…) signs in as the mailbox itself.
 */
export const LUA = `
local function find(name)
  for line in io.lines("@USERS@") do
    local user, password, access = line:match("^([^\\t]*)\\t([^\\t]*)\\t([^\\t]*)$")
    if user == name then
      return { user = user, password = password, access = access }
    end
  end
  return nil
end

local function allowed(entry, who)
  if who == entry.user then
    return true
  end
  for person in entry.access:gmatch("[^,]+") do
    if person == who then
      return true
    end
  end
  return false
end

function auth_passdb_lookup(req)
  local entry = find(req.user:lower())
  if req.mech == "XOAUTH2" or req.mech == "xoauth2" then
    local who = req:var_expand("%{passdb:who}")
    if who == "" then
      return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "no identity in the token"
    end
    if entry == nil or not allowed(entry, who) then
      return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "no Full Access"
    end
    if req.service == "smtp" and who:sub(1, 4) ~= "app:" then
      return dovecot.auth.PASSDB_RESULT_OK, "nopassword=y user=" .. who
    end
    return dovecot.auth.PASSDB_RESULT_OK, "nopassword=y"
  end
  if entry == nil then
    return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, "no such user"
  end
  if entry.password == "" then
    return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "no password"
  end
  return dovecot.auth.PASSDB_RESULT_OK, { password = "{PLAIN}" .. entry.password }
end

function auth_userdb_lookup(req)
  local name = req.user:lower()
  if find(name) == nil and not (@CATCHALL@ and name:find("@", 1, true)) then
    return dovecot.auth.USERDB_RESULT_USER_UNKNOWN, "no such user"
  end
  return dovecot.auth.USERDB_RESULT_OK, { uid = "@UID@", gid = "@GID@", home = "@MAIL@/" .. name }
end

function script_init()
  return 0
end

function script_deinit()
end
`;
