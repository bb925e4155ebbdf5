/** Every command, in the order of help. */
import type { Command } from './command.ts';
import { apps } from './commands/apps.ts';
import { appsDelete } from './commands/apps-delete.ts';
import { appsDeleted } from './commands/apps-deleted.ts';
import { appsInfo } from './commands/apps-info.ts';
import { appsRestore } from './commands/apps-restore.ts';
import { cancel } from './commands/cancel.ts';
import { completion } from './commands/completion.ts';
import { config } from './commands/config.ts';
import { configSet } from './commands/config-set.ts';
import { configUnset } from './commands/config-unset.ts';
import { deploy } from './commands/deploy.ts';
import { exec } from './commands/exec.ts';
import { forward } from './commands/forward.ts';
import { help } from './commands/help.ts';
import { importCommand } from './commands/import.ts';
import { keysRotate } from './commands/keys-rotate.ts';
import { login } from './commands/login.ts';
import { logout } from './commands/logout.ts';
import { logs } from './commands/logs.ts';
import { metrics } from './commands/metrics.ts';
import { operations } from './commands/operations.ts';
import { plan } from './commands/plan.ts';
import { ps } from './commands/ps.ts';
import { releases } from './commands/releases.ts';
import { releasesDiff } from './commands/releases-diff.ts';
import { rollback } from './commands/rollback.ts';
import { schema } from './commands/schema.ts';
import { secrets } from './commands/secrets.ts';
import { secretsSet } from './commands/secrets-set.ts';
import { secretsUnset } from './commands/secrets-unset.ts';
import { serve } from './commands/serve.ts';
import { servers } from './commands/servers.ts';
import { serversUse } from './commands/servers-use.ts';
import { status } from './commands/status.ts';
import { tlsRoot } from './commands/tls-root.ts';
import { tokens } from './commands/tokens.ts';
import { tokensCreate } from './commands/tokens-create.ts';
import { tokensRevoke } from './commands/tokens-revoke.ts';
import { uninstall } from './commands/uninstall.ts';
import { validate } from './commands/validate.ts';
import { version } from './commands/version.ts';
import { watch } from './commands/watch.ts';

export const commands: readonly Command[] = [
  validate,
  schema,
  importCommand,
  plan,
  deploy,
  rollback,
  watch,
  cancel,
  status,
  apps,
  appsInfo,
  ps,
  releases,
  releasesDiff,
  operations,
  logs,
  exec,
  forward,
  metrics,
  config,
  configSet,
  configUnset,
  secrets,
  secretsSet,
  secretsUnset,
  appsDelete,
  appsDeleted,
  appsRestore,
  tokens,
  tokensCreate,
  tokensRevoke,
  keysRotate,
  tlsRoot,
  login,
  logout,
  servers,
  serversUse,
  serve,
  uninstall,
  help,
  version,
  completion,
];
